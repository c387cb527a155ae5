import { describe, expect, it } from "vitest";
import { reservedReason } from "#webhook/policy/reserved";

describe("F12, M1: reserved variables", () => {
  it.each([
    ["PATH", "which programs run"],
    ["LD_PRELOAD", "dynamic loader"],
    ["LD_LIBRARY_PATH", "dynamic loader"],
    ["KUBERNETES_SERVICE_HOST", "kubelet"],
    ["KUBERNETES_PORT_443_TCP", "kubelet"],
    ["1ST", "no valid name"],
    ["a b", "no valid name"],
    ["a=b", "no valid name"],
    ["", "no valid name"],
    ["..", "no valid name"],
    ["ü", "no valid name"],
  ])("%j is refused with its reason", (name, reason) => {
    expect(reservedReason(name)).toContain(reason);
  });

  it.each(["HOME", "PATHS", "MY_PATH", "LDAP_URL", "path", "KUBECONFIG", "tls.crt", "a-b", "_x"])(
    "%s may be set",
    (name) => {
      expect(reservedReason(name)).toBeUndefined();
    },
  );

  it("a policy may allow a reserved one, never an invalid one", () => {
    expect(reservedReason("PATH", ["PATH"])).toBeUndefined();
    expect(reservedReason("LD_PRELOAD", ["PATH"])).toBeDefined();
    expect(reservedReason("1ST", ["1ST"])).toBeDefined();
  });
});
