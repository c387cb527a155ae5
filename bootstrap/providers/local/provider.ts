import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { removeCgroups } from "./cgroups.ts";
import { hostCommand } from "./host-command.ts";
import { identityOf, machineFolder, type LocalIdentity } from "./identity.ts";
import { isRunning, removeMachine, startMachine, waitForSsh } from "./machine.ts";
import { checkInotify, checkRoom } from "./limits.ts";
import { ensureMachineRoot, hostKeyLine } from "./machine-root.ts";
import { ensureNetwork, findNetwork, removeNetwork, type LocalNetwork } from "./network.ts";
import { rootArchive } from "./root-archive.ts";
import { localSettingFields, parseLocalSettings, type LocalSettings } from "./settings.ts";
import { ensureClusterKey } from "#bootstrap/providers/cluster-key";
import { refusePoolSizes } from "#bootstrap/providers/machine-size";
import { createGate } from "#bootstrap/plans/gate";
import { writePrivate } from "#bootstrap/private-file";
import type {
  Machine,
  Provider,
  ProviderContext,
  WantedMachine,
} from "#bootstrap/providers/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import { systemClock } from "#core/clock";
import { ClouderError } from "#core/error";

/** Machines of systemd-nspawn on this host: real systemd, sshd, kubelet; the host's kernel. */
export const localProvider: Provider = {
  keepsMachines: false,
  settingFields: localSettingFields,
  cannotBecome: (known, wanted) =>
    isDeepStrictEqual(ofTheCluster(known.settings), ofTheCluster(wanted.settings))
      ? undefined
      : "other binds or another subnet",
  machineNetworks: ({ settings }) => {
    const { subnet } = parseLocalSettings(settings);
    return subnet === undefined ? [] : [{ path: "spec.provider.settings.subnet", cidr: subnet }];
  },
  preflight,
  ensure,
  awaitMachine: async ({ spec, folder, signal }, { name, privateAddress }) => {
    const identity = identityOf(spec.name, folder);
    await waitForSsh(identity, name, privateAddress, systemClock, signal);
  },
  list,
  remove,
  describe,
  preview,
  apiAddress,
  nodeSettings: () => Promise.resolve({ sharedKernel: true }),
};

/** The root matters to machines that are made anew only. */
function ofTheCluster(settings: Readonly<Record<string, unknown>>): Omit<LocalSettings, "root"> {
  const { binds, subnet } = parseLocalSettings(settings);
  return { binds, ...(subnet !== undefined && { subnet }) };
}

const tools = {
  "systemd-nspawn": "systemd-container",
  ip: "iproute2",
  iptables: "iptables",
  "ssh-keygen": "openssh-client",
  tar: "tar",
  zstd: "zstd",
} as const;

async function preflight(context: ProviderContext): Promise<void> {
  parseLocalSettings(context.spec.provider.settings);
  refusePoolSizes(context.spec);
  if (process.platform !== "linux") {
    throw new ClouderError("unsupported", "the local provider runs on Linux only", {
      hint: "use --provider ssh with Linux machines",
    });
  }
  if (process.getuid?.() !== 0) {
    throw new ClouderError("denied", "the local provider makes machines, which needs root", {
      hint: "run the command with sudo -E",
    });
  }
  const missing: string[] = [];
  for (const [tool, name] of Object.entries(tools)) {
    const found = await hostCommand(["sh", "-c", 'command -v "$1"', "sh", tool], {
      allowFailure: true,
    });
    if (found.status !== 0) missing.push(name);
  }
  if (missing.length > 0) {
    throw new ClouderError("unsupported", `this host lacks ${missing.join(", ")}`, {
      hint: `apt-get install ${missing.join(" ")}`,
    });
  }
  const present = await list(context);
  const fresh = wantedMachines(context.spec).length - present.length;
  if (fresh <= 0) return;
  await rootArchive(context.spec.packages, parseLocalSettings(context.spec.provider.settings));
  await checkRoom(context.folder, fresh);
  await checkInotify(fresh);
}

async function ensure(
  context: ProviderContext,
  wanted: readonly WantedMachine[],
): Promise<readonly Machine[]> {
  const { spec, folder } = context;
  const identity = identityOf(spec.name, folder);
  const settings = parseLocalSettings(spec.provider.settings);
  const root = await rootArchive(spec.packages, settings);
  const publicKey = await ensureClusterKey(folder);
  const network = await ensureNetwork(identity, spec, settings.subnet);
  const gate = createGate(2);
  const machines = wanted.map((one) => machineOf(identity, network, one));
  await Promise.all(
    machines.map(({ name, privateAddress: address }) =>
      gate(() =>
        ensureMachineRoot(machineFolder(identity, name), root, {
          name,
          address,
          gateway: network.gateway,
          publicKey,
        }),
      ),
    ),
  );
  await pinHostKeys(identity, machines);
  await Promise.all(
    machines.map(async ({ name }) => {
      if (!(await isRunning(identity, name))) await startMachine(identity, name, settings);
    }),
  );
  return machines;
}

async function list(context: ProviderContext): Promise<readonly Machine[]> {
  const identity = identityOf(context.spec.name, context.folder);
  const network = await findNetwork(identity);
  if (!network) return [];
  const wanted = wantedMachines(context.spec);
  const machines: Machine[] = [];
  for (const name of await machineNames(identity)) {
    if (!(await isRunning(identity, name))) continue;
    const known = wanted.find((one) => one.name === name);
    machines.push(machineOf(identity, network, known ?? { name, role: "worker", pool: "" }));
  }
  return machines;
}

async function remove(
  context: ProviderContext,
  machines: readonly string[] | "all",
): Promise<{ readonly left: readonly string[] }> {
  const identity = identityOf(context.spec.name, context.folder);
  const names = machines === "all" ? await machineNames(identity) : machines;
  const left = (
    await Promise.all(names.map((name) => removeMachine(identity, name, systemClock)))
  ).flat();
  if (machines === "all") {
    left.push(...(await removeCgroups([identity.cgroup])), ...(await removeNetwork(identity)));
    await rm(join(identity.folder, "machines"), { recursive: true, force: true });
    left.push(...(await mountsBelow(identity.folder)));
  }
  return { left };
}

async function describe(context: ProviderContext): Promise<Readonly<Record<string, string>>> {
  const network = await findNetwork(identityOf(context.spec.name, context.folder));
  return network ? { ...network } : {};
}

/** Machines have the addresses from .11 on. */
async function apiAddress(
  context: ProviderContext,
): Promise<{ readonly virtual: string } | undefined> {
  const network = await findNetwork(identityOf(context.spec.name, context.folder));
  return network && { virtual: network.gateway.replace(/\.\d+$/, ".10") };
}

function preview(context: ProviderContext, wanted: readonly WantedMachine[]): readonly string[] {
  const { root } = parseLocalSettings(context.spec.provider.settings);
  refusePoolSizes(context.spec);
  const { bridge } = identityOf(context.spec.name, context.folder);
  return [
    `ssh-keygen -t ed25519 -f ${join(context.folder, "key")}`,
    `ip link add ${bridge} type bridge, with a free /24 of 10.64.0.0/10`,
    `iptables -I FORWARD -i ${bridge} -o ${bridge} -j ACCEPT`,
    ...wanted.map(
      ({ name }) =>
        `systemd-nspawn --boot --machine=${name}, from ${root ?? "the bundle's machine root"}`,
    ),
  ];
}

async function machineNames(identity: LocalIdentity): Promise<readonly string[]> {
  return (await readdir(join(identity.folder, "machines")).catch(() => [])).sort();
}

function machineOf(identity: LocalIdentity, network: LocalNetwork, one: WantedMachine): Machine {
  const number = Number(/-(\d+)$/.exec(one.name)?.[1] ?? "1");
  const last = one.name.startsWith(`${identity.cluster}-master`) ? 10 + number : 100 + number;
  const address = network.gateway.replace(/\.\d+$/, `.${last}`);
  return {
    ...one,
    privateAddress: address,
    reach: {
      access: "ssh",
      host: address,
      port: 22,
      user: "root",
      keyFile: join(identity.folder, "key"),
      knownHostsFile: join(identity.folder, "known_hosts"),
    },
  };
}

/** We made the machines, so their keys are known before the first contact. */
async function pinHostKeys(identity: LocalIdentity, machines: readonly Machine[]): Promise<void> {
  const lines = await Promise.all(
    machines.map(
      async ({ name, privateAddress }) =>
        `${privateAddress} ${await hostKeyLine(machineFolder(identity, name))}\n`,
    ),
  );
  await writePrivate(join(identity.folder, "known_hosts"), lines.join(""));
}

async function mountsBelow(folder: string): Promise<readonly string[]> {
  const mounts = await readFile("/proc/self/mounts", "utf8");
  return mounts
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((place) => place.startsWith(`${folder}/`));
}
