import { expect, it } from "vitest";
import { configMaps, secrets } from "#kube/resources";
import { runtimeLabels, secretIndexName } from "#webhook/api/names";
import { injectionPolicies } from "#webhook/api/types";
import type { InjectionPolicy } from "#webhook/api/types";
import { indexedLabel } from "#webhook/controller/names";
import { decodeIndex, encodeIndex } from "#webhook/world/secret-index";
import {
  indexOf,
  makeNamespace,
  makePolicy,
  makeSecret,
  startController,
} from "#test/unit/webhook/controller/objects";

const labelled = makePolicy([
  { name: "secrets", secret: { label: runtimeLabels.userUid, as: "Env" } },
]);
const place = (name: string, namespace = "runtimes") => ({ namespace, name });
const names = (map: ReturnType<typeof indexOf>) => map && decodeIndex(map).map(({ name }) => name);

it("M1: the index tells names, labels and keys of labelled Secrets, and no value", async () => {
  await using lab = startController([
    makeNamespace("runtimes"),
    labelled,
    makeSecret("hf-token", { [runtimeLabels.userUid]: "alice", team: "x" }),
    makeSecret("asked-for", { [indexedLabel]: "" }),
    makeSecret("unrelated", { app: "db" }),
    makeSecret("elsewhere", { [runtimeLabels.userUid]: "bob" }, "other"),
  ]);
  const { kube } = lab;
  await expect.poll(() => names(indexOf(kube, "other"))).toEqual(["elsewhere"]);
  expect(decodeIndex(indexOf(kube)!)).toEqual([
    { name: "asked-for", labels: { [indexedLabel]: "" }, keys: ["key", "token"] },
    { name: "hf-token", labels: { [runtimeLabels.userUid]: "alice" }, keys: ["key", "token"] },
  ]);
  const written = JSON.stringify([indexOf(kube), indexOf(kube, "other"), lab.lines]);
  expect(written).not.toMatch(/c2VjcmV0|secret-value|b3RoZXI/);
});

it("follows new, changed and deleted Secrets, and goes with the last one", async () => {
  await using lab = startController([makeNamespace("runtimes"), labelled]);
  const { kube } = lab;
  await kube.create(secrets, makeSecret("a", { [runtimeLabels.userUid]: "alice" }));
  await expect.poll(() => names(indexOf(kube))).toEqual(["a"]);
  await kube.create(secrets, makeSecret("b", { [runtimeLabels.userUid]: "alice" }));
  await kube.patch(secrets, place("a"), { data: { more: "eA==" } });
  await expect
    .poll(() => decodeIndex(indexOf(kube)!).map(({ keys }) => keys.join()))
    .toEqual(["key,more,token", "key,token"]);
  await kube.patch(secrets, place("a"), {
    metadata: { labels: { [runtimeLabels.userUid]: null } },
  });
  await expect.poll(() => names(indexOf(kube))).toEqual(["b"]);
  await kube.remove(secrets, place("b"));
  await expect.poll(() => indexOf(kube)).toBeUndefined();
});

it("takes up the label of a policy that comes later, and drops it with the policy", async () => {
  const policy: InjectionPolicy = {
    ...makePolicy([{ name: "s", secret: { label: "example.com/owner", as: "Env" } }], "later"),
    kind: "InjectionPolicy",
    metadata: { name: "later", namespace: "runtimes" },
  };
  await using lab = startController([
    makeNamespace("runtimes"),
    makeSecret("a", { "example.com/owner": "alice" }),
  ]);
  const { kube } = lab;
  await kube.create(injectionPolicies, policy);
  await expect.poll(() => names(indexOf(kube))).toEqual(["a"]);
  await kube.remove(injectionPolicies, place("later"));
  await expect.poll(() => indexOf(kube)).toBeUndefined();
});

it("repairs an index that somebody else has written or deleted", async () => {
  await using lab = startController([
    makeNamespace("runtimes"),
    labelled,
    makeSecret("a", { [runtimeLabels.userUid]: "alice" }),
  ]);
  const { kube } = lab;
  await expect.poll(() => names(indexOf(kube))).toEqual(["a"]);
  await kube.patch(configMaps, place(secretIndexName), { data: { "secrets.json": "[]" } });
  await expect.poll(() => names(indexOf(kube))).toEqual(["a"]);
  await kube.remove(configMaps, place(secretIndexName));
  await expect.poll(() => names(indexOf(kube))).toEqual(["a"]);
});

it("keeps out of namespaces that are never injected", async () => {
  await using lab = startController([
    labelled,
    makeSecret("a", { [runtimeLabels.userUid]: "alice" }, "kube-system"),
    makeSecret("b", { [runtimeLabels.userUid]: "alice" }),
  ]);
  await expect.poll(() => names(indexOf(lab.kube))).toEqual(["b"]);
  expect(indexOf(lab.kube, "kube-system")).toBeUndefined();
});

it("an index is no larger than a ConfigMap may be: the last Secrets by name are left out and counted", () => {
  const many = Array.from({ length: 200 }, (_, index) => ({
    name: `s${String(index).padStart(3, "0")}`,
    labels: { [runtimeLabels.userUid]: "ü".repeat(20) },
    keys: ["token"],
  }));
  const { data, left } = encodeIndex(many, 10_000);
  const [text = ""] = Object.values(data);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(10_000);
  const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" }, data } as const;
  const kept = decodeIndex(map);
  expect(kept.length + left).toBe(200);
  expect(kept.at(-1)?.name).toBe(`s${String(kept.length - 1).padStart(3, "0")}`);
  expect(encodeIndex([...many].reverse(), 10_000)).toEqual({ data, left });
});

it.each([
  "",
  "nonsense",
  "{}",
  '[{"name":1}]',
  '[{"name":"a","labels":{"a":1},"keys":[]}]',
  "null",
])("reads %j as an index of nothing", (text) => {
  const data = { "secrets.json": text };
  expect(
    decodeIndex({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" }, data }),
  ).toEqual([]);
});
