import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Node } from "#kube/resources";
import { runtimeClassName } from "#checkpoint/api/names";
import type { NodeFacts } from "#checkpoint/api/types";
import { programVersion } from "#checkpoint/agent/program-version";
import { criuProblem } from "#checkpoint/compatibility/rule";
import { freeBytes } from "#checkpoint/engine/room";

/** Where the agent sees what it tells about its node. */
export interface NodeView {
  /** The node's /usr, /etc/criu and cgroups. */
  readonly usr: string;
  readonly criuConfig: string;
  readonly cgroups: string;
  readonly archives: string;
  readonly spool: string;
  readonly containerdTmp: string;
  readonly cpuinfo: string;
  /** True when shim and helper of this version are in place. */
  readonly handlerInstalled: () => Promise<boolean>;
  /** Folders of file:// stores that the agent can write to. */
  readonly storeFolders: () => Promise<readonly string[]>;
  /** What is wrong with the kubelet's checkpoint endpoint. */
  readonly kubeletProblem?: () => Promise<Problem | undefined>;
}

type Problem = NodeFacts["problems"][number];

/** What matters of this node for checkpoint and restore, at this moment. */
export async function gatherFacts(
  view: NodeView,
  node: Node,
  rest: { readonly agentVersion: string; readonly now: number },
): Promise<NodeFacts> {
  const [criu, runc, cpuFeatures, criuConfig, free, archives, installed, divertible] =
    await Promise.all([
      programVersion(view.usr, "criu"),
      programVersion(view.usr, "runc"),
      readCpuFeatures(view.cpuinfo),
      readCriuConfig(view.criuConfig),
      freeBytes(view.spool),
      folderBytes(view.archives),
      view.handlerInstalled(),
      isSameFileSystem(view.containerdTmp, view.spool),
    ]);
  const info = node.status?.nodeInfo;
  const kernel = info?.kernelVersion ?? "";
  const criuVersion = versionIn(criu);
  const ociRuntimeVersion = versionIn(runc);
  const entry = hasRuntimeEntry(node);
  return {
    nodeName: node.metadata.name,
    architecture: info?.architecture ?? "",
    kernel,
    ...(criuVersion === undefined ? {} : { criuVersion }),
    runtimeVersion: info?.containerRuntimeVersion ?? "",
    ...(ociRuntimeVersion === undefined ? {} : { ociRuntimeVersion }),
    cgroupVersion: await cgroupVersion(view.cgroups),
    cpuFeatures,
    handlerReady: installed && entry,
    criuConfig,
    pagesDivertible: divertible,
    freeBytes: free,
    checkpointBytes: archives,
    storeFolders: await view.storeFolders(),
    agentVersion: rest.agentVersion,
    observedAt: new Date(rest.now).toISOString(),
    problems: [
      ...[await view.kubeletProblem?.()].filter((problem) => problem !== undefined),
      ...findProblems({ criuVersion, kernel, criuConfig, installed, entry, divertible, free }),
    ],
  };
}

function findProblems(seen: {
  readonly criuVersion: string | undefined;
  readonly kernel: string;
  readonly criuConfig: readonly string[];
  readonly installed: boolean;
  readonly entry: boolean;
  readonly divertible: boolean;
  readonly free: number;
}): readonly Problem[] {
  const criu = criuProblem(seen.criuVersion, seen.kernel);
  const wanted = ["tcp-established", "skip-in-flight", "file-locks", "link-remap"];
  const missing = wanted.filter((option) => !seen.criuConfig.includes(option));
  const problems: (Problem | undefined | false)[] = [
    criu && { name: "criu", level: "fail", ...criu },
    !seen.entry && {
      name: "runtime-entry",
      level: "fail",
      message: `containerd has no runtime handler ${runtimeClassName}`,
      cure: "add the runtime entry of docs/install.md to its configuration and restart containerd",
    },
    !seen.installed && {
      name: "handler",
      level: "fail",
      message: "shim and restore helper are not installed under /opt/clouder",
      cure: "look at the agent's log: it installs them when it starts",
    },
    missing.length > 0 && {
      name: "criu-config",
      level: "warn",
      message: `/etc/criu/runc.conf lacks ${missing.join(", ")}`,
      cure: "add the options on every node, so that connections, locks and deleted files come along",
    },
    !seen.divertible && {
      name: "containerd-tmp",
      level: "warn",
      message:
        "containerd's TMPDIR is not on the file system of the spool: memory is written four times",
      cure: "set TMPDIR=/var/lib/clouder/tmp in containerd's unit, as docs/install.md shows",
    },
    seen.free < 2 ** 30 && {
      name: "free-space",
      level: "warn",
      message: `only ${Math.floor(seen.free / 2 ** 20)} MiB are free under /var/lib/clouder`,
      cure: "free room on the node's disk",
    },
  ];
  return problems.filter((problem) => problem !== undefined && problem !== false);
}

/** The kubelet lists what its runtime offers since 1.30; an older one leaves it open. */
function hasRuntimeEntry(node: Node): boolean {
  const handlers = (
    node.status as { runtimeHandlers?: readonly { readonly name: string }[] } | undefined
  )?.runtimeHandlers;
  return handlers?.some(({ name }) => name === runtimeClassName) ?? true;
}

function versionIn(text: string | undefined): string | undefined {
  return /\d+\.\d+(?:\.\d+)?/.exec(text ?? "")?.[0];
}

async function readCpuFeatures(file: string): Promise<readonly string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1] ?? "";
  return line
    .split(/\s+/)
    .filter((feature) => feature !== "")
    .sort();
}

/** Options of /etc/criu/runc.conf, one a line, without comments. */
async function readCriuConfig(folder: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, "runc.conf"), "utf8").catch(() => "");
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  return lines.filter((line) => line !== "");
}

async function cgroupVersion(root: string): Promise<1 | 2> {
  const unified = await stat(join(root, "cgroup.controllers")).catch(() => undefined);
  return unified ? 2 : 1;
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      lstat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function isSameFileSystem(one: string, other: string): Promise<boolean> {
  try {
    return (await stat(one)).dev === (await stat(other)).dev;
  } catch {
    return false;
  }
}
