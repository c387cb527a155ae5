import { describe, expect, test } from "vitest";
import { parseHostFacts, type HostFacts } from "#bootstrap/nodes/host-facts";
import { nodeSettingsFor } from "#bootstrap/nodes/node-settings";

const printed = (changes: Readonly<Record<string, string>> = {}) =>
  Object.entries({
    os: "debian-13",
    architecture: "x86_64",
    kernel: "6.18.1",
    cgroup: "cgroup2fs",
    container: "none",
    capabilities: "000001ffffffffff",
    processors: "4",
    memory: "8000000",
    machine: "abc",
    init: "systemd",
    addresses: "10.0.0.4 192.168.1.4",
    owner: "uid-1",
    services: "containerd docker",
    ports: "6443",
    firewalls: "ufw",
    free: "1000",
    clock: "1700000000",
    ...changes,
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");

describe("facts of a machine", () => {
  test("are read from what the script printed", () => {
    expect(parseHostFacts("a", printed())).toEqual({
      name: "a",
      os: "debian-13",
      architecture: "amd64",
      kernel: "6.18.1",
      cgroup: "v2",
      sharedKernel: false,
      sysResource: true,
      processors: 4,
      memoryBytes: 8_192_000_000,
      machineId: "abc",
      addresses: ["10.0.0.4", "192.168.1.4"],
      owner: "uid-1",
      foreignServices: ["containerd", "docker"],
      busyPorts: ["6443"],
      firewalls: ["ufw"],
      freeBytes: 1_024_000,
      clockSeconds: 1_700_000_000,
    });
  });

  test("tell a system container on an old host", () => {
    const facts = parseHostFacts(
      "a",
      printed({ cgroup: "tmpfs", container: "systemd-nspawn", capabilities: "000001fffeffffff" }),
    );
    expect(facts).toMatchObject({ cgroup: "v1", sharedKernel: true, sysResource: false });
  });

  test("tell NVIDIA's GPUs, those of the machine alone", () => {
    const said = { gpus: "1eb8 2330", driver: "", toolkit: "", secureboot: "1" };
    expect(parseHostFacts("a", printed(said)).gpus).toEqual({
      ...{ devices: ["1eb8", "2330"], driver: "", toolkit: false, secureBoot: true },
    });
    const driven = printed({ gpus: "1eb8", driver: "580.95.05", toolkit: "there" });
    expect(parseHostFacts("a", driven).gpus).toEqual({
      ...{ devices: ["1eb8"], driver: "580.95.05", toolkit: true, secureBoot: false },
    });
    // A system container sees its host's.
    const inside = printed({ ...said, container: "systemd-nspawn" });
    expect(parseHostFacts("a", inside)).not.toHaveProperty("gpus");
    expect(parseHostFacts("a", printed({ gpus: "" }))).not.toHaveProperty("gpus");
  });

  test.each([[{ init: "init" }], [{ architecture: "riscv64" }]])("refuse %j", (changes) => {
    expect(() => parseHostFacts("a", printed(changes))).toThrow(
      expect.objectContaining({ code: "unsupported" }) as Error,
    );
  });
});

describe("settings that fit all machines", () => {
  const host = (changes: Readonly<Record<string, string>> = {}): HostFacts =>
    parseHostFacts("a", printed(changes));

  test("are kubeadm's own on ordinary machines", () => {
    expect(nodeSettingsFor([host()], {})).toEqual({
      cgroupDriver: "systemd",
      restrictOomScoreAdj: false,
      ignorePreflightErrors: [],
      sharedKernel: false,
      kubelet: {},
      kubeProxy: {},
    });
  });

  test("leave the host's kernel alone in system containers with cgroup v1", () => {
    const settings = nodeSettingsFor(
      [host({ cgroup: "tmpfs", container: "systemd-nspawn", capabilities: "0" })],
      {},
    );
    expect(settings).toMatchObject({
      cgroupDriver: "cgroupfs",
      restrictOomScoreAdj: true,
      sharedKernel: true,
      kubelet: { failCgroupV1: false, featureGates: { KubeletInUserNamespace: true } },
      kubeProxy: { conntrack: { maxPerCore: 0 } },
    });
  });

  test("do not exist for machines of both cgroup versions", () => {
    expect(() => nodeSettingsFor([host(), host({ cgroup: "tmpfs" })], {})).toThrow(
      expect.objectContaining({ code: "unsupported" }) as Error,
    );
  });
});
