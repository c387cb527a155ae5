import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { emptyBundle } from "#test/fixtures/bundle";
import type { RunResult } from "#bootstrap/nodes/node-access";
import type { CreateClusterRequest } from "#bootstrap/create-cluster";
import type { ClientAnswer } from "#test/fakes/create-client";
import { simulatedMachines, type Input } from "#test/fakes/simulated-machines";
import {
  loopbackAddresses,
  startSshFleet,
  type FleetOptions,
  type SshFleet,
} from "#test/fakes/ssh-fleet";

/** So many hosts behind SSH, a bundle for them, and a home in which creates record them. */
export interface SshWorld extends AsyncDisposable {
  readonly fleet: SshFleet;
  /** What `createCluster` is asked for. */
  readonly request: CreateClusterRequest;
  /** Runs the create in a process of its own. */
  create(): Promise<ClientAnswer>;
  /**
   * The same, killed by SIGKILL at the first boundary of a step that is not among `died`: gives
   * that one; undefined when there was none and the create went to its end.
   */
  killedCreate(died: readonly string[]): Promise<string | undefined>;
  /** What is on the machines, a list for each. */
  state(): readonly (readonly string[])[];
}

export interface WorldOptions extends Omit<FleetOptions, "machines"> {
  readonly hosts: number;
  /** The first ones; default 1. */
  readonly planes?: number;
  /** Size of each program and image of the bundle. */
  readonly fileBytes?: number;
  /** `spec.packages`; default is a bundle. */
  readonly packages?: object;
  /** What a host says to a command; without it, or undefined, what the simulated machine does. */
  readonly answer?: (host: number, argv: readonly string[]) => RunResult | undefined;
  /** Only this step, and those it needs facts from. */
  readonly only?: string;
}

/** Raises the hosts; the first are the control planes. */
export async function createSshWorld(options: WorldOptions): Promise<SshWorld> {
  const home = await mkdtemp(join(tmpdir(), "clouder-fleet-"));
  const addresses = loopbackAddresses(options.hosts);
  const machines = simulatedMachines(addresses).map((machine, host) => ({
    ...machine,
    run: (argv: readonly string[], input: Input) =>
      options.answer?.(host, argv) ?? machine.run(argv, input),
  }));
  const fleet = await startSshFleet({ ...options, machines });
  const key = join(home, "key");
  await writeFile(key, fleet.privateKey, { mode: 0o600 });
  const bundle = await writeBundle(join(home, "bundle"), options.fileBytes ?? 1 << 16);
  const planes = options.planes ?? 1;
  const workers = options.hosts - planes;
  const user = options.sudoPassword === undefined ? "root" : "ops";
  const request: CreateClusterRequest = {
    home,
    document: JSON.stringify({
      ...{ apiVersion: "bootstrap.clouder.datalayer.io/v1alpha1", kind: "Cluster" },
      metadata: { name: "fleet" },
      spec: {
        network: { podCIDR: "10.240.0.0/13" },
        ...(options.packages !== undefined && { packages: options.packages }),
        ...(planes > 1 && { controlPlane: { count: planes, endpoint: "api.fleet.test:6443" } }),
        pools: [
          { name: "workers", count: Math.min(workers, 150) },
          ...(workers > 150 ? [{ name: "more", count: workers - 150 }] : []),
        ],
        provider: {
          name: "ssh",
          settings: { key, hosts: addresses.map((one) => `${user}@${one}:${fleet.port}`) },
        },
      },
    }),
    flags: options.packages === undefined ? { bundle } : {},
    ...(options.only !== undefined && { steps: { only: options.only } }),
  };
  const requestFile = join(home, "request.json");
  await writeFile(requestFile, JSON.stringify(request));
  const client = fileURLToPath(new URL("./create-client.ts", import.meta.url));
  return {
    fleet,
    request,
    create: async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [client, requestFile]);
      return JSON.parse(stdout) as ClientAnswer;
    },
    killedCreate: async (died) => {
      const run = promisify(execFile)(process.execPath, [
        ...[client, requestFile, JSON.stringify(died)],
      ]);
      return await run.then(
        ({ stdout }) => {
          const { error } = JSON.parse(stdout) as ClientAnswer;
          if (error) throw new Error(`${error.code}: ${error.message}`);
          return undefined;
        },
        (error: unknown) => {
          const { signal, stdout } = error as { signal?: string; stdout?: string };
          if (signal !== "SIGKILL") throw error;
          return stdout ?? "";
        },
      );
    },
    state: () => machines.map((one) => one.state().toSorted()),
    [Symbol.asyncDispose]: async () => {
      await fleet[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

const programs = ["kubelet", "kubeadm", "kubectl", "containerd", "ctr"];

async function writeBundle(folder: string, bytes: number): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = async (path: string, head = "") => {
    const content = Buffer.concat([Buffer.from(`${head}\n`), Buffer.alloc(bytes, path)]);
    await writeFile(join(folder, path), content);
    const sha256 = createHash("sha256").update(content).digest("hex");
    return { path, sha256, bytes: content.length };
  };
  const image = "registry.k8s.io/pause:3.10.2";
  const files = [
    ...(await Promise.all(
      programs.map(async (name) => ({
        ...{ ...(await file(name)), kind: "binary", destination: `/usr/local/bin/${name}` },
      })),
    )),
    {
      ...{ ...(await file("criu.deb")), kind: "package", os: "debian-13" },
      ...{ package: "criu", version: "4.2" },
    },
    { ...(await file("pause.tar", image)), kind: "image", names: [image], on: "all" },
    { ...(await file("flannel.yaml")), kind: "manifest", name: "flannel" },
  ];
  const versions = {
    ...emptyBundle.versions,
    ...{ kubernetes: "v1.36.3", criu: "4.2", runc: "1.3.6", pause: "3.10.2" },
  };
  await writeFile(join(folder, "bundle.json"), JSON.stringify({ ...emptyBundle, versions, files }));
  return folder;
}
