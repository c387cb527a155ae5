import { describe, expect, test } from "vitest";
import type { HostFacts } from "#bootstrap/nodes/host-facts";
import {
  checkMinor,
  distributionPackages,
  repositoriesFor,
} from "#bootstrap/packages/apt/repositories";
import { lineOf } from "#bootstrap/packages/apt/add-repository";
import { onlineDriver } from "#bootstrap/packages/online";
import { atLeast, leastCriu, systems } from "#bootstrap/packages/systems";
import { upstream } from "#bootstrap/packages/upstream";

const origin = { ...upstream, containerdVersion: upstream.containerd.series };
const host = (os: string, more: Partial<HostFacts> = {}): HostFacts => ({
  ...{ name: "lab-node-1", os, architecture: "amd64", kernel: "6.1.0-40-amd64", cgroup: "v2" },
  ...{ sharedKernel: false, sysResource: true, processors: 2, memoryBytes: 4e9, machineId: "m" },
  ...{ addresses: [], owner: "", foreignServices: [], busyPorts: [], firewalls: [] },
  ...{ freeBytes: 1e10, clockSeconds: 0 },
  ...more,
});
const named = (os: string, name: string, more: Partial<HostFacts> = {}, version = "v1.36.3") =>
  repositoriesFor(origin, host(os, more), version).find((one) => one.name === name);

describe("the Kubernetes repository", () => {
  test.each([
    ["v1.36.3", "1.36"],
    ["v1.35.7", "1.35"],
  ])("is that of the minor of %s, signed, pinned in its keyring (D6)", (version, minor) => {
    const repository = named("debian-13", "kubernetes", {}, version);
    expect(repository && lineOf(repository)).toBe(
      `deb [signed-by=/etc/apt/keyrings/kubernetes-apt-keyring.gpg] https://pkgs.k8s.io/core:/stable:/v${minor}/deb/ /\n`,
    );
    expect(repository?.list).toBe("/etc/apt/sources.list.d/kubernetes.list");
    const number = version.slice(1);
    expect(repository?.packages.slice(0, 3)).toEqual([
      ...[`kubelet=${number}-*`, `kubeadm=${number}-*`, `kubectl=${number}-*`],
    ]);
  });

  test.each(["v1.31.0", "v1.40.0"])("is refused for %s, which nothing here fits", (version) => {
    expect(() => {
      checkMinor(version);
    }).toThrow(expect.objectContaining({ code: "config" }) as Error);
  });
});

test.each([
  ["debian-12", "linux/debian bookworm stable"],
  ["debian-13", "linux/debian trixie stable"],
  ["ubuntu-22.04", "linux/ubuntu jammy stable"],
  ["ubuntu-24.04", "linux/ubuntu noble stable"],
  ["ubuntu-26.04", "linux/ubuntu resolute stable"],
])("containerd.io on %s comes from Docker's repository of that release (D2)", (os, end) => {
  const repository = named(os, "docker");
  expect(repository && lineOf(repository)).toMatch(new RegExp(`docker\\.com/${end}\n$`));
  expect(repository?.packages).toEqual(["containerd.io=2.3.*"]);
});

test.each([
  // The distribution's where it fits the kernel, else the CRIU project's.
  ["debian-12", "6.1.0-40-amd64", undefined],
  ["debian-12", "6.16.3", "Debian_12"],
  ["debian-13", "6.12.48", undefined],
  ["debian-13", "6.18.5", "Debian_13"],
  ["ubuntu-22.04", "5.15.0-160-generic", undefined],
  ["ubuntu-22.04", "7.0.0", "xUbuntu_22.04"],
  ["ubuntu-24.04", "6.8.0-88-generic", "xUbuntu_24.04"],
  ["ubuntu-26.04", "7.0.0-10-generic", undefined],
])("CRIU on %s with kernel %s comes from %s of the project (D4)", (os, kernel, folder) => {
  const repository = named(os, "criu", { kernel });
  expect(repository?.url.split("/").at(-2)).toBe(folder);
  expect(distributionPackages(host(os, { kernel }))).toEqual(folder === undefined ? ["criu"] : []);
});

test.each([
  ["3.16.1", "6.15.9", true],
  ["3.15", "6.1.0", false],
  ["4.1.1", "6.16.0", false],
  ["4.2", "6.16.0-rc1", true],
  ["4.2.1", "7.1", true],
  ["none", "5.10", false],
])("CRIU %s on kernel %s: %s (D4)", (version, kernel, fits) => {
  expect(atLeast(version, leastCriu(kernel))).toBe(fits);
});

describe("a machine", () => {
  test.each([
    ["centos-9", {}, "for which no packages are known", /Debian 12.*Ubuntu 26\.04.*--bundle/],
    ["ubuntu-24.04", { architecture: "arm64" }, "restores hang", /Ubuntu 26\.04 or Debian 13/],
  ] as const)("of %s %j is refused with the cure", async (os, more, message, hint) => {
    const packages = await onlineDriver.open({ kind: "online" });
    const checked = () => {
      packages.checkHost(host(os, more));
    };
    expect(checked).toThrow(
      expect.objectContaining({
        code: "unsupported",
        message: expect.stringContaining(message) as string,
        hint: expect.stringMatching(hint) as string,
      }) as Error,
    );
  });

  test("of every system in the table is taken", async () => {
    const packages = await onlineDriver.open({ kind: "online" });
    for (const os of Object.keys(systems)) packages.checkHost(host(os));
    expect(Object.keys(systems)).toHaveLength(5);
  });
});
