import { parseNetwork } from "#bootstrap/spec/cidr";
import { wrongField } from "#bootstrap/spec/document";
import { listField, objectField, textField, type Pattern } from "#bootstrap/spec/field";

export interface LocalSettings {
  /** Folders of this host that every machine sees. */
  readonly binds: readonly { readonly source: string; readonly destination: string }[];
  /** A /24 for the machines' bridge; absent: a free one is found. */
  readonly subnet?: string;
  /** A tar of a root file system with sshd; absent: the bundle's. */
  readonly root?: string;
}

const folder: Pattern = {
  pattern: /^\/[^:,\n]*$/,
  named: "must be an absolute path without , and :",
  example: "/srv/checkpoints",
};

export const localSettingFields = objectField(
  { description: "Machines on this Linux host." },
  {
    binds: listField(
      { description: "Folders of this host that every machine sees." },
      objectField(
        { description: "One folder." },
        {
          source: textField({ description: "Folder of this host." }, folder),
          destination: textField({ description: "Where machines see it." }, folder),
        },
        ["source", "destination"],
      ),
    ),
    subnet: textField(
      { description: "A /24 for the machines' bridge; left out: a free one of 10.64.0.0/10." },
      {
        pattern: /^\d{1,3}(\.\d{1,3}){3}\/24$/,
        named: "must be a /24 network",
        example: "10.77.0.0/24",
      },
    ),
    root: textField(
      {
        description:
          "Tar of a Debian or Ubuntu root file system with systemd and sshd; left out: the bundle's.",
      },
      {
        ...folder,
        named: "must be an absolute path without , and :",
        example: "/srv/root.tar.zst",
      },
    ),
  },
);

/** Reads `spec.provider.settings` of the local provider. */
export function parseLocalSettings(settings: Readonly<Record<string, unknown>>): LocalSettings {
  const path = "spec.provider.settings";
  const { binds = [], subnet, root } = localSettingFields.read({ path, value: settings }) ?? {};
  if (subnet !== undefined && !parseNetwork(subnet)) {
    throw wrongField(
      `${path}.subnet`,
      `must be a /24 network, not "${subnet}"`,
      "begin it with .0",
    );
  }
  return {
    binds,
    ...(subnet !== undefined && { subnet }),
    ...(root !== undefined && { root }),
  };
}
