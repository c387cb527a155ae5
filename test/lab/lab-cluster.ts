import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeAddress } from "#bootstrap/nodes/node-access";
import { nodeAccessDrivers } from "#bootstrap/nodes/registry";
import { buildBundle } from "#test/lab/build-bundle";
import { buildProductImage } from "#test/lab/product-image";
import { runProgram, type ProgramOptions, type ProgramResult } from "#test/lab/run-program";
import { startS3Server } from "#test/lab/s3-server";

/** Where a lab cluster is: plain data, so that it can be handed to test workers. */
export interface LabClusterPlace {
  readonly name: string;
  /** Home of the commands: their `~/.clouder` lies here. */
  readonly home: string;
  readonly bundle: string;
  /** Program; absent: the bundle's. */
  readonly kubectl?: string;
  readonly kubeconfig: string;
  /** Kubernetes node names, control plane first. */
  readonly nodes: readonly [string, string];
  /** The host's address on the machines' bridge. */
  readonly gateway: string;
  readonly s3: { readonly endpoint: string; readonly folder: string };
}

/** A cluster raised by the product itself, with the product installed and an S3 server as its store. */
export interface LabCluster extends Omit<LabClusterPlace, "kubectl"> {
  clouder(args: readonly string[], options?: ProgramOptions): Promise<ProgramResult>;
  kubectl(args: readonly string[], options?: ProgramOptions): Promise<ProgramResult>;
  /** Creates or updates objects. */
  apply(...objects: readonly object[]): Promise<void>;
  /** How a node is reached. */
  readonly address: (node: string) => Promise<NodeAddress>;
  /** Runs argv as root on a node. */
  onNode(node: string, argv: readonly string[], options?: ProgramOptions): Promise<ProgramResult>;
}

export interface LabClusterOptions {
  readonly name: string;
  readonly home?: string;
  /** Shows every command and what it prints. */
  readonly show?: boolean;
  /** Told before each step. */
  readonly step?: (title: string) => void;
}

export const s3Credentials = { accessKeyId: "clouder-lab", secretAccessKey: "clouder-lab-secret" };
/** A command that was interrupted takes back by itself what it has made. */
const outlivesUs = true;
/** The command as users start it. */
export const launcher = join(import.meta.dirname, "../../bin/kubectl-clouder");

/** Commands for a cluster that is there already. */
export function attachLabCluster(place: LabClusterPlace, show = false): LabCluster {
  const environment = { HOME: place.home, KUBECONFIG: place.kubeconfig };
  const run =
    (...program: readonly string[]) =>
    (args: readonly string[], more: ProgramOptions = {}) => {
      if (show && more.show !== false) process.stdout.write(`$ ${shown(program, args)}\n`);
      return runProgram([...program, ...args], { show, environment, outlivesUs, ...more });
    };
  const kubectl = run(place.kubectl ?? join(place.bundle, "bin/kubectl"));
  const folder = join(place.home, ".clouder", "kubeadm", place.name);
  const address = async (node: string): Promise<NodeAddress> => {
    const path = 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}';
    const { stdout } = await kubectl(["get", "node", node, "-o", path], { show: false });
    return {
      access: "ssh",
      host: stdout,
      port: 22,
      user: "root",
      keyFile: join(folder, "key"),
      knownHostsFile: join(folder, "known_hosts"),
    };
  };
  return {
    ...place,
    clouder: run(launcher),
    kubectl,
    apply: async (...objects) => {
      const list = { apiVersion: "v1", kind: "List", items: objects };
      await kubectl(["apply", "-f", "-"], { stdin: JSON.stringify(list) });
    },
    address,
    onNode: async (node, argv, options = {}) => {
      const driver = await nodeAccessDrivers.ssh.load();
      const access = await driver.connect(node, await address(node));
      try {
        return await access.run(argv, { allowFailure: options.allowFailure ?? false });
      } finally {
        await access.close();
      }
    },
  };
}

function shown(program: readonly string[], args: readonly string[]): string {
  const name = program[0]?.replace(/^.*\//, "").replace("kubectl-clouder", "kubectl clouder");
  return [name, ...args].join(" ");
}

/** Raises the cluster, loads the image, installs and creates the default store; all or nothing. */
export async function raiseLabCluster(
  options: LabClusterOptions,
): Promise<LabCluster & AsyncDisposable> {
  const step = options.step ?? (() => undefined);
  const home = options.home ?? (await mkdtemp(join(labFolder(), "clouder-home-")));
  step("the offline bundle: Kubernetes, containerd, CRIU and images, built once and cached");
  const bundle = await buildBundle();
  const s3Folder = join(home, "s3");
  const place = {
    name: options.name,
    home,
    bundle,
    kubeconfig: join(home, ".clouder", "kubeadm", options.name, "kubeconfig"),
    nodes: [`${options.name}-master`, `${options.name}-node-1`] as [string, string],
  };
  const early = attachLabCluster(
    { ...place, gateway: "", s3: { endpoint: "", folder: s3Folder } },
    options.show,
  );
  await using undo = new AsyncDisposableStack();
  if (options.home === undefined) {
    undo.defer(() => removeHome(home));
  }

  step("kubectl clouder cluster create: a kubeadm cluster of two machines on this host");
  undo.defer(async () => {
    await early.clouder(["cluster", "delete", options.name, "--yes"]);
  });
  await early.clouder([
    ...["cluster", "create", options.name, "--provider", "local", "--workers", "1"],
    ...["--schedulable-control-plane", "--bundle", bundle, "--yes"],
  ]);
  const facts = JSON.parse(
    (await early.clouder(["cluster", "show", options.name, "-o", "json"], { show: false })).stdout,
  ) as { readonly gateway: string };

  step("an S3 server on the machines' bridge");
  await mkdir(join(s3Folder, "checkpoints"), { recursive: true });
  const server = await startS3Server({
    address: facts.gateway,
    folder: s3Folder,
    accessKey: s3Credentials.accessKeyId,
    secretKey: s3Credentials.secretAccessKey,
  });
  undo.defer(() => server.stop());
  const cluster = attachLabCluster(
    { ...place, gateway: facts.gateway, s3: { endpoint: server.endpoint, folder: s3Folder } },
    options.show,
  );

  step("kubectl clouder install: the product in that cluster");
  await buildProductImage(step);
  await cluster.clouder(["cluster", "load-image", options.name, "dist/image.tar"]);
  await cluster.clouder(["install"]);
  await createS3Store(cluster, "s3", server.endpoint, ["--default"]);
  const kept = undo.move();
  return { ...cluster, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Deletes every cluster of a home, then the home; a cluster that stays keeps its home. */
export async function removeHome(home: string): Promise<void> {
  const clusters = join(home, ".clouder", "kubeadm");
  for (const name of await readdir(clusters).catch(() => [])) {
    process.stdout.write(`left behind: cluster ${name} of ${home}; deleting it\n`);
    await runProgram([launcher, "cluster", "delete", name, "--yes"], {
      environment: { HOME: home },
      outlivesUs,
      show: true,
    });
  }
  await rm(home, { recursive: true, force: true });
}

/** Folder of the homes of lab clusters: one of its own per run where CLOUDER_LAB_FOLDER is set. */
export function labFolder(): string {
  return process.env["CLOUDER_LAB_FOLDER"] ?? tmpdir();
}

/** Makes a CheckpointStore on the lab's S3 server; the keys travel through standard input. */
export async function createS3Store(
  cluster: LabCluster,
  name: string,
  endpoint: string,
  flags: readonly string[] = [],
): Promise<void> {
  await cluster.clouder(
    [
      ...["store", "create", name, `s3://checkpoints/${name}`, "--endpoint", endpoint],
      ...["--region", "us-east-1", "--path-style", "--credentials-from", "-", ...flags],
    ],
    { stdin: JSON.stringify(s3Credentials) },
  );
}

/** The lines a container has printed so far. */
export async function podLog(
  cluster: LabCluster,
  pod: string,
  container: string,
): Promise<string[]> {
  const { stdout } = await cluster.kubectl(["logs", pod, "-c", container], { show: false });
  return stdout.trimEnd().split("\n");
}

/** Reads a fixture program. */
export function fixtureProgram(name: string): Promise<string> {
  return readFile(join(import.meta.dirname, "../fixtures/programs", name), "utf8");
}
