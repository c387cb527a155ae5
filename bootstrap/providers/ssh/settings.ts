import { wrongField } from "#bootstrap/spec/document";
import { listField, objectField, textField } from "#bootstrap/spec/field";

export interface Host {
  readonly user: string;
  readonly address: string;
  readonly port: number;
  /** Where the other nodes find it, when that is not the address at which it is reached. */
  readonly nodeAddress?: string;
}

export interface SshSettings {
  /** The control plane first. */
  readonly hosts: readonly Host[];
  readonly key?: string;
  /** The only machine from which the others can be reached. */
  readonly jumpHost?: Host;
}

const host = /^(?:([A-Za-z_][A-Za-z0-9_.-]*)@)?([A-Za-z0-9.-]+)(?::(\d{1,5}))?$/;
/** A machine that other nodes find elsewhere: behind a public address, for example. */
const machine = new RegExp(host.source.replace(/\$$/, "(?:=(\\d{1,3}(?:\\.\\d{1,3}){3}))?$"));

/** A machine and who logs in there, as people write it. */
export const hostField = (description: string) =>
  textField(
    { description },
    { pattern: host, named: "must be user@address[:port]", example: "root@10.0.0.4" },
  );

export const sshSettingFields = objectField(
  { description: "Your own machines, over SSH." },
  {
    hosts: listField(
      { description: "The machines, the control plane first." },
      textField(
        { description: "user@address[:port][=address among nodes]" },
        {
          pattern: machine,
          named: "must be user@address[:port][=address among nodes]",
          example: "root@10.0.0.4",
        },
      ),
    ),
    key: textField({
      description: "Private key file; left out: the keys of your SSH agent.",
      example: "~/.ssh/id_ed25519",
    }),
    jumpHost: hostField("The machine through which the others are reached."),
  },
);

/** Reads `spec.provider.settings` of the ssh provider. */
export function parseSshSettings(settings: Readonly<Record<string, unknown>>): SshSettings {
  const path = "spec.provider.settings";
  const { hosts = [], key, jumpHost } = sshSettingFields.read({ path, value: settings }) ?? {};
  const read = hosts.map((written, index) => parseHost(written, `${path}.hosts[${index}]`));
  const seen = new Set<string>();
  for (const { address, port } of read) {
    if (seen.has(`${address}:${port}`)) {
      throw wrongField(`${path}.hosts`, `lists ${address} twice`, "list each machine once");
    }
    seen.add(`${address}:${port}`);
  }
  return {
    hosts: read,
    ...(key !== undefined && { key }),
    ...(jumpHost !== undefined && { jumpHost: parseHost(jumpHost, `${path}.jumpHost`) }),
  };
}

/** Reads what `hostField` takes, or a machine of the list; "root" and 22 where nothing else is said. */
export function parseHost(written: string, path: string): Host {
  const match = machine.exec(written);
  const port = Number(match?.[3] ?? "22");
  if (port < 1 || port > 65535) {
    throw wrongField(path, `"${written}" has no port from 1 to 65535`, "leave :port out for 22");
  }
  const nodeAddress = match?.[4];
  return {
    ...{ user: match?.[1] ?? "root", address: match?.[2] ?? "", port },
    ...(nodeAddress !== undefined && { nodeAddress }),
  };
}
