import { isAbsolute } from "node:path";
import { parseNetwork } from "#bootstrap/spec/cidr";
import { fields, list, text, wrongField } from "#bootstrap/spec/document";

export interface LocalSettings {
  /** Folders of this host that every machine sees. */
  readonly binds: readonly { readonly source: string; readonly destination: string }[];
  /** A /24 for the machines' bridge; absent: a free one is found. */
  readonly subnet?: string;
}

/** Reads `spec.provider.settings` of the local provider. */
export function parseLocalSettings(settings: Readonly<Record<string, unknown>>): LocalSettings {
  const path = "spec.provider.settings";
  const known = fields({ path, value: settings }, ["binds", "subnet"]);
  const binds = list({ path: `${path}.binds`, value: known["binds"] }) ?? [];
  const subnet = text({ path: `${path}.subnet`, value: known["subnet"] });
  if (subnet !== undefined && parseNetwork(subnet)?.prefix !== 24) {
    throw wrongField(`${path}.subnet`, `must be a /24 network, not "${subnet}"`);
  }
  return {
    binds: binds.map((place) => {
      const bind = fields(place, ["source", "destination"]);
      const folder = (name: string) => {
        const value = text({ path: `${place.path}.${name}`, value: bind[name] }) ?? "";
        if (!isAbsolute(value) || /[:,\n]/.test(value)) {
          throw wrongField(`${place.path}.${name}`, "must be an absolute path without , and :");
        }
        return value;
      };
      return { source: folder("source"), destination: folder("destination") };
    }),
    ...(subnet !== undefined && { subnet }),
  };
}
