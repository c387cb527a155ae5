import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Node } from "#kube/objects";
import { gatherFacts, type NodeView } from "#checkpoint/agent/node-facts";
import { programVersion } from "#checkpoint/agent/program-version";

let root: string;
let view: NodeView;
const write = async (path: string, text: string, mode = 0o644) => {
  const file = join(root, path);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, text);
  await chmod(file, mode);
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "clouder-facts-"));
  await write("usr/sbin/criu", "#!/bin/sh\necho 'Version: 4.2.1'\necho 'GitID: x'\n", 0o755);
  await write("usr/sbin/runc", "#!/bin/sh\necho 'runc version 1.3.6'\n", 0o755);
  await write(
    "criu/runc.conf",
    "# ours\ntcp-established\nskip-in-flight # probes\nfile-locks\nlink-remap\n",
  );
  await write("cpuinfo", "processor : 0\nflags\t\t: sse4_2 avx\n\nprocessor : 1\nflags : other\n");
  await write("checkpoints/a.tar", "12345");
  for (const folder of ["spool", "tmp", "cgroup"]) await mkdir(join(root, folder));
  view = {
    usr: join(root, "usr"),
    criuConfig: join(root, "criu"),
    cgroups: join(root, "cgroup"),
    archives: join(root, "checkpoints"),
    spool: join(root, "spool"),
    containerdTmp: join(root, "tmp"),
    cpuinfo: join(root, "cpuinfo"),
    handlerInstalled: () => Promise.resolve(true),
    storeFolders: () => Promise.resolve(["/mnt/store"]),
  };
});
afterEach(() => rm(root, { recursive: true, force: true }));

const node = (handlers?: readonly string[]): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "node1" },
  spec: {},
  status: {
    nodeInfo: {
      architecture: "amd64",
      kernelVersion: "6.18.1",
      containerRuntimeVersion: "containerd://2.4.2",
      kubeletVersion: "v1.36.3",
      osImage: "Debian",
      operatingSystem: "linux",
    },
    ...(handlers ? { runtimeHandlers: handlers.map((name) => ({ name })) } : {}),
  },
});
const rest = { agentVersion: "0.1.0", now: Date.parse("2026-11-21T04:00:00Z") };
const names = async (change: Partial<NodeView>, of = node(["runc", "clouder"])) =>
  (await gatherFacts({ ...view, ...change }, of, rest)).problems.map(({ name }) => name);

describe("the facts of a node", () => {
  it("name versions, processor, options and room as they are", async () => {
    const facts = await gatherFacts(view, node(["runc", "clouder"]), rest);
    const { freeBytes, ...known } = facts;
    expect(freeBytes).toBeGreaterThan(0);
    expect(known).toEqual({
      nodeName: "node1",
      architecture: "amd64",
      kernel: "6.18.1",
      criuVersion: "4.2.1",
      runtimeVersion: "containerd://2.4.2",
      ociRuntimeVersion: "1.3.6",
      cgroupVersion: 1,
      cpuFeatures: ["avx", "sse4_2"],
      handlerReady: true,
      criuConfig: ["tcp-established", "skip-in-flight", "file-locks", "link-remap"],
      pagesDivertible: true,
      checkpointBytes: 5,
      storeFolders: ["/mnt/store"],
      agentVersion: "0.1.0",
      observedAt: "2026-11-21T04:00:00.000Z",
      problems: [],
    });
  });

  it("find cgroup version 2", async () => {
    await write("cgroup/cgroup.controllers", "memory");
    expect((await gatherFacts(view, node(), rest)).cgroupVersion).toBe(2);
  });

  it("report what is missing, each with its cure", async () => {
    expect(await names({ usr: "/nowhere" })).toEqual(["criu"]);
    expect(await names({}, node(["runc"]))).toEqual(["runtime-entry"]);
    expect(await names({ handlerInstalled: () => Promise.resolve(false) })).toEqual(["handler"]);
    expect(await names({ criuConfig: "/nowhere" })).toEqual(["criu-config"]);
    expect(await names({ containerdTmp: "/proc" })).toEqual(["containerd-tmp"]);
  });

  it("know that a new kernel needs a new CRIU", async () => {
    await write("usr/sbin/criu", "#!/bin/sh\necho 'Version: 4.1.1'\n", 0o755);
    const facts = await gatherFacts(view, node(), rest);
    expect(facts.problems[0]?.message).toMatch(/4\.1\.1 does not work on kernel 6\.18/);
  });

  it("take a kubelet that does not list runtime handlers at the handler's word", async () => {
    expect((await gatherFacts(view, node(), rest)).handlerReady).toBe(true);
  });
});

describe("the version of a program of the node", () => {
  it("is asked of this very host's programs with its own loader", async () => {
    expect(await programVersion("/usr", "bash")).toMatch(/^GNU bash/);
  });

  it("is unknown for a program that fails or is absent", async () => {
    await write("usr/sbin/broken", "#!/bin/sh\nexit 1\n", 0o755);
    expect(await programVersion(join(root, "usr"), "broken")).toBeUndefined();
    expect(await programVersion(join(root, "usr"), "absent")).toBeUndefined();
  });
});
