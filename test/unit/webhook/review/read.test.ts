import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readReview, salvageUid } from "#webhook/review/read";
import { notebookPod, reviewOf, type ReviewOptions } from "#test/fixtures/reviews";

const uid = "705ab4f5-6393-11e8-b7cc-42010a800002";
const read = (review: unknown) => readReview(JSON.stringify(review));
const pod = notebookPod();

describe("reading an AdmissionReview", () => {
  it("M3 takes the namespace of the request and the creator of its userInfo, never the pod's", () => {
    const elsewhere = { ...pod, metadata: { ...pod.metadata, namespace: "another" } };
    const reading = read(reviewOf(elsewhere, { uid, username: "ada", groups: ["users"] }));
    expect(reading).toMatchObject({
      kind: "pod",
      uid,
      dryRun: false,
      request: { namespace: "runtimes", creator: { username: "ada", groups: ["users"] } },
    });
  });

  it("F6 reads a pod that has a generateName only", () => {
    const reading = read(reviewOf(pod, { uid }));
    expect(reading.kind === "pod" && reading.request.pod.metadata).toMatchObject({
      generateName: "notebook-",
    });
    expect(reading.kind === "pod" && "name" in reading.request.pod.metadata).toBe(false);
  });

  it("keeps fields that nobody here knows", () => {
    const future = { ...pod, spec: { ...pod.spec, fromTheFuture: { deep: [1, { x: null }] } } };
    const reading = read({ ...reviewOf(future, { uid }), alsoNew: true });
    expect(reading.kind === "pod" && reading.request.pod.spec["fromTheFuture"]).toEqual({
      deep: [1, { x: null }],
    });
  });

  it("honours dryRun", () => {
    expect(read(reviewOf(pod, { uid, dryRun: true }))).toMatchObject({ kind: "pod", dryRun: true });
  });

  const ignored: readonly (readonly [string, ReviewOptions])[] = [
    ["UPDATE", { operation: "UPDATE" }],
    ["DELETE", { operation: "DELETE" }],
    ["CONNECT", { operation: "CONNECT", subResource: "exec" }],
    ["a subresource", { subResource: "ephemeralcontainers" }],
    ["Deployments", { resource: { group: "apps", version: "v1", resource: "deployments" } }],
    ["pods of another group", { resource: { group: "x.io", version: "v1", resource: "pods" } }],
    ["another kind", { kind: { group: "", version: "v1", kind: "Binding" } }],
  ];
  for (const [what, options] of ignored) {
    it(`F14 F16 M4 leaves ${what} alone`, () => {
      expect(read(reviewOf(pod, { uid, ...options }))).toEqual({ kind: "ignore", uid });
    });
  }

  it("leaves a DELETE alone, whose object is null", () => {
    expect(read(reviewOf(null, { uid, operation: "DELETE" }))).toEqual({ kind: "ignore", uid });
  });

  it("leaves a pod without containers to validation", () => {
    const empty = { ...pod, spec: { containers: null } };
    expect(read(reviewOf(empty, { uid }))).toEqual({ kind: "ignore", uid });
  });

  const review = reviewOf(pod, { uid });
  const wrong: readonly (readonly [string, unknown])[] = [
    ["v1beta1", { ...review, apiVersion: "admission.k8s.io/v1beta1" }],
    ["another kind", { ...review, kind: "TokenReview" }],
    ["a pod that is a list", reviewOf([pod], { uid })],
    ["containers that are no list", reviewOf({ ...pod, spec: { containers: "x" } }, { uid })],
    ["containers without names", reviewOf({ ...pod, spec: { containers: [{}] } }, { uid })],
    ["null containers", reviewOf({ ...pod, spec: { containers: [null] } }, { uid })],
    ["volumes without names", reviewOf({ ...pod, spec: { ...pod.spec, volumes: [1] } }, { uid })],
    ["labels that are numbers", reviewOf({ ...pod, metadata: { labels: { a: 1 } } }, { uid })],
    ["no metadata", reviewOf({ spec: pod.spec }, { uid })],
    ["no namespace", { ...review, request: { ...review.request, namespace: "" } }],
  ];
  for (const [what, body] of wrong) {
    it(`F22 says what is wrong with ${what} and keeps the uid`, () => {
      expect(read(body)).toMatchObject({ kind: "bad", uid });
    });
  }

  it("F22 has no uid where none was given", () => {
    for (const text of ["", "[]", "null", "7", '"x"', "{}", '{"request":{}}', '{"request":7}']) {
      expect(readReview(text)).toMatchObject({ kind: "bad", uid: undefined });
    }
  });

  it("F22 finds the uid of a review that was cut off anywhere behind it", () => {
    const text = JSON.stringify(review);
    const known = text.indexOf(uid) + uid.length + 1;
    fc.assert(
      fc.property(fc.integer({ min: known, max: text.length - 1 }), (end) => {
        expect(readReview(text.slice(0, end))).toMatchObject({ kind: "bad", uid });
      }),
    );
  });

  it("unescapes a salvaged uid", () => {
    expect(salvageUid('{"request": {"uid": "a\\u0022b", "kin')).toBe('a"b');
    expect(salvageUid('{"request":{"uid":"\\x"')).toBeUndefined();
  });

  it("is not poisoned by prototype keys", () => {
    const text = `{"__proto__":{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"},"constructor":1,"request":{"uid":"u"}}`;
    expect(readReview(text)).toMatchObject({ kind: "bad", uid: "u" });
    const labels = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","__proto__":{"operation":"CREATE"}}}`;
    expect(readReview(labels)).toEqual({ kind: "ignore", uid: "u" });
    expect(({} as Record<string, unknown>)["operation"]).toBeUndefined();
  });

  it("never throws, whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.anything().map(fc.stringify)), (text) => {
        expect(["pod", "ignore", "bad"]).toContain(readReview(text).kind);
      }),
    );
  });

  it("never throws for a review with anything at any place of it", () => {
    const places = ["uid", "kind", "resource", "subResource", "namespace", "operation", "userInfo"];
    fc.assert(
      fc.property(
        fc.constantFrom(...places, "object", "dryRun"),
        fc.jsonValue(),
        (place, value) => {
          const changed = { ...review, request: { ...review.request, [place]: value } };
          const reading = read(changed);
          if (place !== "uid") expect(reading.uid).toBe(uid);
        },
      ),
    );
  });
});
