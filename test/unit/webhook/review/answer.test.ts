import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome, PatchOperation } from "#webhook/injection/wish";
import {
  allowAnswer,
  faultAnswer,
  ignoreAnswer,
  problemAnswer,
  refusalAnswer,
  type Verdict,
} from "#webhook/review/answer";
import { auditAnnotations, shownWarnings } from "#webhook/review/notes";

const uid = "705ab4f5-6393-11e8-b7cc-42010a800002";
const nothing: Verdict = { operations: [], outcomes: [], warnings: [] };
const source = { policy: "ClusterInjectionPolicy/all", item: "token" };
const outcome = (result: Outcome["result"], item = "token"): Outcome => ({
  source: { ...source, item },
  where: "containers/c env TOKEN",
  result,
  ...(result === "skipped" ? { reason: "the pod has it already" } : {}),
});

interface Answer {
  readonly apiVersion: string;
  readonly kind: string;
  readonly response: Readonly<Record<string, unknown>>;
}
const parsed = (text: string) => JSON.parse(text) as Answer;

/** The API server's own checks of an answer, as in its admissionreview_test.go. */
function verify(text: string, expected = uid): Answer["response"] {
  // Its length is taken for its bytes.
  expect(Buffer.byteLength(text)).toBe(text.length);
  const { apiVersion, kind, response } = parsed(text);
  expect({ apiVersion, kind }).toEqual({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
  });
  expect(response["uid"]).toBe(expected);
  expect(typeof response["allowed"]).toBe("boolean");
  expect("patch" in response).toBe("patchType" in response);
  if ("patch" in response) {
    expect(response["patchType"]).toBe("JSONPatch");
    expect((response["patch"] as string).length).toBeGreaterThan(0);
  }
  return response;
}

describe("answers to an AdmissionReview", () => {
  it("F22 carry patch and patchType together, or neither", () => {
    const operations: PatchOperation[] = [{ op: "add", path: "/spec/x", value: "ö \u2028" }];
    const response = verify(allowAnswer(uid, { ...nothing, operations }));
    const patch = Buffer.from(response["patch"] as string, "base64").toString("utf8");
    expect(JSON.parse(patch)).toEqual(operations);
    expect(verify(allowAnswer(uid, nothing))).toEqual({ uid, allowed: true });
    expect(verify(ignoreAnswer(uid))).toEqual({ uid, allowed: true });
  });

  it("refuse with 403 and the rule's words", () => {
    const response = verify(refusalAnswer(uid, { ...nothing, refusal: "not ada's" }));
    expect(response).toMatchObject({
      allowed: false,
      status: { code: 403, message: "not ada's" },
      auditAnnotations: { refused: "true" },
    });
  });

  it("F22 F4 keep the uid when we fail ourselves, open or closed, and say so", () => {
    const open = verify(faultAnswer(uid, "allow", "internal fault"));
    expect(open["allowed"]).toBe(true);
    expect(open["warnings"]).toEqual([expect.stringContaining("injected nothing")]);
    expect(open["auditAnnotations"]).toEqual({ fault: "internal fault" });
    const closed = verify(faultAnswer(uid, "deny", "internal fault"));
    expect(closed).toMatchObject({ allowed: false, status: { code: 500 } });
  });

  it("carry the uid of a call that was none, when it could be read", () => {
    expect(verify(problemAnswer(uid, 400, "no"))).toMatchObject({ allowed: false });
    expect(JSON.parse(problemAnswer(undefined, 400, "no"))).toMatchObject({ kind: "Status" });
  });

  it("echo any uid", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (any) => {
        verify(ignoreAnswer(any), any);
        verify(allowAnswer(any, nothing), any);
        verify(faultAnswer(any, "deny", "x"), any);
        verify(problemAnswer(any, 400, "x"), any);
      }),
    );
  });

  it("tell in the audit log names and counts", () => {
    const outcomes = [outcome("injected"), outcome("injected", "home"), outcome("skipped", "env")];
    expect(auditAnnotations({ outcomes, user: "ada" })).toEqual({
      user: "ada",
      "injected-count": "2",
      injected: "ClusterInjectionPolicy/all/token,ClusterInjectionPolicy/all/home",
      skipped: "ClusterInjectionPolicy/all/env",
    });
    expect(auditAnnotations({ outcomes: [] })).toBeUndefined();
  });

  it("have audit keys the API server takes behind the webhook's name", () => {
    const outcomes = [outcome("injected"), outcome("skipped"), outcome("refused")];
    for (const refusal of [undefined, "no"]) {
      for (const key of Object.keys(auditAnnotations({ outcomes, user: "u", refusal }) ?? {})) {
        expect(key).toMatch(/^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/);
      }
    }
  });

  it("have warnings within the API server's bounds, without control characters", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 300 })), (warnings) => {
        const shown = shownWarnings(warnings);
        expect(shown.length).toBeLessThanOrEqual(16);
        let total = 0;
        for (const text of shown) {
          expect(text.length).toBeLessThanOrEqual(256);
          expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
          total += text.length;
        }
        expect(total).toBeLessThanOrEqual(4096);
      }),
    );
    expect(shownWarnings(["a", "a"])).toEqual(["a"]);
    expect(
      shownWarnings(Array.from({ length: 40 }, (_, index) => `w${String(index)}`)).at(-1),
    ).toBe("clouder: 25 more warnings");
  });
});
