import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type {
  Machine,
  Provider,
  ProviderContext,
  WantedMachine,
} from "#bootstrap/providers/provider";
import { refusePoolSizes } from "#bootstrap/providers/machine-size";
import { parseSshSettings, sshSettingFields, type Host, type SshSettings } from "./settings.ts";
import type { SshLogin } from "#bootstrap/nodes/node-access";
import { wantedMachines } from "#bootstrap/spec/machines";
import { ClouderError } from "#core/error";

/** The user's own machines: nothing is made and nothing is deleted. */
export const sshProvider: Provider = {
  keepsMachines: true,
  settingFields: sshSettingFields,
  cannotBecome: (known, wanted) => {
    const hosts = parseSshSettings(wanted.settings).hosts;
    const changed = parseSshSettings(known.settings).hosts.find((host, index) => {
      const now = hosts[index];
      return now && !isSamePlace(now, host);
    });
    return changed && `another host in the place of ${changed.address}`;
  },
  machineNetworks: () => [],
  preflight: (context) => {
    machinesOf(context);
    return Promise.resolve();
  },
  ensure: (context) => Promise.resolve(machinesOf(context)),
  list: (context) => Promise.resolve(machinesOf(context)),
  remove: () => Promise.resolve({ left: [] }),
  describe: () => Promise.resolve({}),
  nodeSettings: () => Promise.resolve({}),
  preview: (context) =>
    machinesOf(context).map(({ name, reach }) =>
      reach.access === "ssh"
        ? `${name}: ${reach.user}@${reach.host}:${reach.port}${reach.jump ? ` through ${reach.jump.host}` : ""}`
        : name,
    ),
};

const isSamePlace = (one: Host, other: Host) =>
  one.address === other.address && one.port === other.port && one.nodeAddress === other.nodeAddress;

function machinesOf({ spec, folder, sshAgent, askSecret }: ProviderContext): readonly Machine[] {
  const settings = parseSshSettings(spec.provider.settings);
  refusePoolSizes(spec);
  const wanted = wantedMachines(spec);
  if (settings.hosts.length < wanted.length) {
    throw new ClouderError(
      "usage",
      `${wanted.length} machines are wanted, ${settings.hosts.length} hosts are given`,
      { hint: "give one --host user@address for each machine, the control plane first" },
    );
  }
  if (settings.hosts.length > wanted.length) {
    throw new ClouderError(
      "usage",
      `${settings.hosts.length} hosts are given, ${wanted.length} machines are wanted`,
      { hint: `use --workers ${settings.hosts.length - 1}, or fewer hosts` },
    );
  }
  return wanted.map((one, index) =>
    machineOf(one, settings, index, { folder, sshAgent, askSecret }),
  );
}

function machineOf(
  one: WantedMachine,
  { hosts, key, jumpHost }: SshSettings,
  index: number,
  { folder, sshAgent, askSecret }: Pick<ProviderContext, "folder" | "sshAgent" | "askSecret">,
): Machine {
  const host = hosts[index];
  if (!host) throw new ClouderError("internal", "more machines than hosts");
  const keys = {
    ...(key !== undefined && { keyFile: keyPath(key) }),
    ...(sshAgent !== undefined && { agent: sshAgent }),
    ...(askSecret !== undefined && { askSecret }),
  };
  const login = ({ address, port, user }: Host): SshLogin => ({
    ...{ host: address, port, user },
    ...keys,
  });
  return {
    ...one,
    privateAddress: host.nodeAddress ?? host.address,
    ...(host.nodeAddress !== undefined && { publicAddress: host.address }),
    reach: {
      access: "ssh",
      ...login(host),
      knownHostsFile: join(folder, "known_hosts"),
      ...(jumpHost && { jump: login(jumpHost) }),
    },
  };
}

function keyPath(key: string): string {
  if (key.startsWith("~/")) return join(homedir(), key.slice(2));
  return isAbsolute(key) ? key : join(process.cwd(), key);
}
