import type { EnvFromSource, SecretItem, Volume } from "#webhook/api/types";
import type { WishPart } from "#webhook/injection/wish";
import type { IndexedSecret } from "#webhook/policy/request";
import { reservedReason } from "#webhook/policy/reserved";
import { labelledSecrets, namedSecret } from "#webhook/policy/secret-index";
import { volumeName } from "#webhook/policy/volume-name";

export interface SecretContext {
  readonly secrets: readonly IndexedSecret[];
  readonly user: string | undefined;
  readonly allowReserved: readonly string[];
  /** Told to the creator; gets names of Secrets and keys only. */
  readonly warn: (text: string) => void;
}

interface Reference {
  readonly name: string;
  /** The keys it has as far as the index knows. */
  readonly known?: readonly string[];
}

/** Wishes for references to Secrets; the item is filled in. */
export function secretParts(item: SecretItem, context: SecretContext): readonly WishPart[] {
  const references = referencesOf(item, context);
  if (item.as === "Files") return references.map((one) => filesPart(item, one));
  const setters = new Map<string, string>();
  if (item.as === "Env") return references.flatMap((one) => envParts(item, one, context, setters));
  // Of several sources the last wins: reversed, the first by name does, as with Env.
  return [...references].reverse().flatMap((one) => envFromParts(item, one, context, setters));
}

function referencesOf(item: SecretItem, { secrets, user }: SecretContext): readonly Reference[] {
  if (item.label !== undefined) {
    return labelledSecrets(secrets, item.label, user ?? "").map(({ name, keys }) => ({
      name,
      known: keys,
    }));
  }
  const name = item.name ?? "";
  const known = namedSecret(secrets, name);
  return [known ? { name, known: known.keys } : { name }];
}

function envParts(
  item: SecretItem,
  { name, known }: Reference,
  { allowReserved, warn }: SecretContext,
  setters: Map<string, string>,
): readonly WishPart[] {
  const all = [...(known ?? [])].sort().map((key) => ({ key }));
  const keys: NonNullable<SecretItem["keys"]> = item.keys ?? all;
  const parts: WishPart[] = [];
  for (const { key, as } of keys) {
    const variable = `${item.prefix ?? ""}${as ?? key}`;
    const reason = reservedReason(variable, allowReserved);
    const earlier = setters.get(variable);
    if (reason !== undefined) {
      warn(`key ${key} of Secret ${name} is left out: ${variable} ${reason}`);
    } else if (earlier !== undefined) {
      warn(`key ${key} of Secret ${name} is left out: Secret ${earlier} sets ${variable} already`);
    } else {
      setters.set(variable, name);
      const secretKeyRef = { name, key, optional: item.optional ?? true };
      parts.push({ kind: "env", env: { name: variable, valueFrom: { secretKeyRef } } });
    }
  }
  return parts;
}

/** Whole, unless a key must not be set: then key by key, as envFrom cannot leave one out. */
function envFromParts(
  item: SecretItem,
  reference: Reference,
  context: SecretContext,
  setters: Map<string, string>,
): readonly WishPart[] {
  const { name, known } = reference;
  const prefix = item.prefix ?? "";
  const bad = known?.some((key) => reservedReason(prefix + key, context.allowReserved));
  if (bad) return envParts(item, reference, context, setters);
  const source: EnvFromSource = {
    ...(prefix === "" ? {} : { prefix }),
    secretRef: { name, optional: item.optional ?? true },
  };
  return [{ kind: "envFrom", source }];
}

/** One folder; several Secrets of one label get a folder each below it. */
function filesPart(item: SecretItem, { name }: Reference): WishPart {
  const source: Omit<Volume, "name"> = {
    secret: {
      secretName: name,
      optional: item.optional ?? true,
      ...(item.keys ? { items: item.keys.map(({ key, as }) => ({ key, path: as ?? key })) } : {}),
    },
  };
  const volume: Volume = { name: volumeName("secret", source), ...source };
  const root = item.mountPath ?? "";
  const mountPath = item.label === undefined ? root : `${root.replace(/\/$/, "")}/${name}`;
  return { kind: "volume", volume, mounts: [{ name: volume.name, mountPath, readOnly: true }] };
}
