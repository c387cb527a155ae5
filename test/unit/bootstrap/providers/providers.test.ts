import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { identityOf } from "#bootstrap/providers/local/identity";
import { refuseFewInstances } from "#bootstrap/providers/local/limits";
import { freeSubnet } from "#bootstrap/providers/local/network";
import { parseLocalSettings } from "#bootstrap/providers/local/settings";
import { providers } from "#bootstrap/providers/registry";
import { sshProvider } from "#bootstrap/providers/ssh/provider";
import { parseNetwork } from "#bootstrap/spec/cidr";
import { loadSpec } from "#bootstrap/spec/load";
import { silent } from "#core/report";

test("every folder of a provider is in the registry, and the other way round", () => {
  const folders = readdirSync("bootstrap/providers", { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  expect(Object.keys(providers).sort()).toEqual(folders.sort());
});

describe("the local provider", () => {
  test("names things of one cluster differently in two homes, within Linux' limits", () => {
    const one = identityOf("dev", "/home/a/.clouder/kubeadm/dev");
    const other = identityOf("dev", "/home/b/.clouder/kubeadm/dev");
    expect(one.bridge).not.toBe(other.bridge);
    expect(one.bridge.length).toBeLessThanOrEqual(15);
  });

  test("finds a free network beside those in use", () => {
    const first = freeSubnet("00000000", []);
    expect(first).toBe("10.64.0.0/24");
    expect(freeSubnet("00000000", [parseNetwork("10.64.0.0/16")!])).toBe("10.65.0.0/24");
  });

  test("says conflict when there is none", () => {
    expect(() => freeSubnet("00000000", [parseNetwork("10.0.0.0/8")!])).toThrow(
      expect.objectContaining({ code: "conflict" }) as Error,
    );
  });

  test.each([
    [{ bind: [] }, "settings.bind"],
    [{ binds: [{ source: "relative", destination: "/x" }] }, "binds[0].source"],
    [{ binds: [{ source: "/a:b", destination: "/x" }] }, "binds[0].source"],
    [{ binds: [{ source: "/a" }] }, "binds[0].destination"],
    [{ subnet: "10.0.0.0/16" }, "settings.subnet"],
  ])("refuses the settings %j", (settings, named) => {
    expect(() => parseLocalSettings(settings)).toThrow(
      expect.objectContaining({
        code: "config",
        message: expect.stringContaining(named) as string,
      }) as Error,
    );
  });
});

describe("the ssh provider", () => {
  const machines = async (
    hosts: readonly string[],
    workers?: number,
    settings: Readonly<Record<string, unknown>> = {},
  ) => {
    const spec = loadSpec({
      flags: { name: "own", provider: "ssh", hosts, workers, settings },
      defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
    });
    const context = { spec, folder: "/folder", report: silent, sshAgent: "/agent" };
    return await sshProvider.list(context);
  };

  test("takes the first host as the control plane, with user and port", async () => {
    const [plane, worker] = await machines(["10.0.0.4", "ubuntu@node.example:2222"]);
    expect(plane).toMatchObject({
      name: "own-master",
      role: "control-plane",
      privateAddress: "10.0.0.4",
      reach: { user: "root", port: 22, agent: "/agent", knownHostsFile: "/folder/known_hosts" },
    });
    expect(worker).toMatchObject({
      name: "own-node-1",
      reach: { user: "ubuntu", host: "node.example", port: 2222 },
    });
  });

  test("B4 reaches every machine through the jump host that is given", async () => {
    const jumpHost = "ops@198.51.100.9:2222";
    const all = await machines(["10.0.0.4", "10.0.0.5"], 1, { jumpHost });
    for (const { reach } of all) {
      expect(reach).toMatchObject({
        user: "root",
        jump: { host: "198.51.100.9", port: 2222, user: "ops", agent: "/agent" },
      });
    }
    await expect(machines(["10.0.0.4"], 0, { jumpHost: "a b" })).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining("settings.jumpHost") as string,
    });
  });

  test.each<[string, readonly string[], number | undefined, string]>([
    ["no host", [], 0, "usage"],
    ["too few hosts", ["10.0.0.4"], 2, "usage"],
    ["too many hosts", ["10.0.0.4", "10.0.0.5"], 0, "usage"],
    ["a host twice", ["10.0.0.4", "root@10.0.0.4"], undefined, "config"],
    ["a wrong host", ["user@@x"], undefined, "config"],
    ["a wrong port", ["10.0.0.4:70000"], undefined, "config"],
    ["an option in disguise", ["-oProxyCommand=x"], undefined, "config"],
  ])("refuses %s", async (_what, hosts, workers, code) => {
    await expect(async () => await machines(hosts, workers)).rejects.toMatchObject({ code });
  });

  test("keeps the user's machines", async () => {
    expect(sshProvider.keepsMachines).toBe(true);
    const spec = loadSpec({ flags: { name: "own" }, defaults: { kubernetesVersion: "v1.36.3" } });
    const context = { spec, folder: "/folder", report: silent };
    expect(await sshProvider.remove(context, "all")).toEqual({ left: [] });
  });
});

test("a host without room for more inotify instances is told, with the cure", () => {
  expect(() => {
    refuseFewInstances(128, 88, 2);
  }).not.toThrow();
  expect(() => {
    refuseFewInstances(128, 100, 2);
  }).toThrow(
    expect.objectContaining({
      code: "no-space",
      hint: expect.stringContaining("sysctl -w fs.inotify.max_user_instances") as string,
    }) as Error,
  );
});
