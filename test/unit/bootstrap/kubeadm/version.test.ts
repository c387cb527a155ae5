import { expect, test } from "vitest";
import { viewsOf } from "#bootstrap/certificates";
import { parseMembers } from "#bootstrap/kubeadm/etcd";
import { compareVersions, upgradeProblem } from "#bootstrap/kubeadm/version";

test("versions are compared by number", () => {
  expect(compareVersions("v1.36.10", "v1.36.9")).toBeGreaterThan(0);
  expect(compareVersions("v1.36.3", "v1.36.3")).toBe(0);
  expect(compareVersions("v1.9.0", "v1.10.0")).toBeLessThan(0);
});

test.each([
  ["v1.36.1", "v1.36.3", undefined],
  ["v1.36.3", "v1.37.0", undefined],
  ["v1.36.3", "v1.36.3", undefined],
  ["v1.35.9", "v1.37.0", "the next minor version is v1.36"],
  ["v1.36.3", "v1.36.1", "is older than"],
  ["v1.36.3", "v2.0.0", "another major version"],
])("an upgrade goes one minor version at a time: %s to %s (H7)", (from, to, problem) => {
  const found = upgradeProblem(from, to);
  if (problem === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(problem);
});

test("etcd's members are read, one that has not started included", () => {
  const text = `1a, started, lab-master, https://10.0.0.4:2380, https://10.0.0.4:2379, false
2b, unstarted, , https://10.0.0.5:2380, , true
`;
  expect(parseMembers(text)).toEqual([
    { id: "1a", name: "lab-master", peer: "https://10.0.0.4:2380", learner: false },
    { id: "2b", name: "", peer: "https://10.0.0.5:2380", learner: true },
  ]);
});

test("kubeadm's list of certificates becomes days that are left", () => {
  const list = {
    certificates: [
      { name: "apiserver", expirationDate: "2026-12-01T00:00:00Z" },
      { name: "super-admin.conf", expirationDate: null, missing: true },
    ],
    certificateAuthorities: [{ name: "ca", expirationDate: "2036-01-01T00:00:00Z" }],
  };
  const text = `[check-expiration] Reading configuration\n${JSON.stringify(list)}`;
  const views = viewsOf("lab-master", text, Date.parse("2026-11-21T12:00:00Z"));
  expect(views.map(({ name, daysLeft, authority }) => [name, daysLeft, authority])).toEqual([
    ["apiserver", 9, false],
    ["ca", 3327, true],
  ]);
});
