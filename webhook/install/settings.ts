import { ClouderError } from "#core/error";
import { runtimeLabels } from "#webhook/api/names";

export const failurePolicies = ["Fail", "Ignore"] as const;
export const certificateModes = ["own", "cert-manager"] as const;
/** all: every namespace that is not left out. labelled: those that ask for it by a label. */
export const namespaceModes = ["all", "labelled"] as const;

export interface Issuer {
  readonly kind: "Issuer" | "ClusterIssuer";
  readonly name: string;
}

export type Certificates =
  { readonly mode: "own" } | { readonly mode: "cert-manager"; readonly issuer: Issuer };

export interface WebhookSettings {
  readonly image: string;
  readonly replicas: number;
  /** What becomes of a pod when no replica answers. */
  readonly failurePolicy: (typeof failurePolicies)[number];
  readonly timeoutSeconds: number;
  readonly certificates: Certificates;
  readonly namespaces: (typeof namespaceModes)[number];
  /** Left out besides those that always are. */
  readonly excludedNamespaces: readonly string[];
  /** Labels that name a pod's user; sorted. */
  readonly userLabels: readonly string[];
}

/** What the command line says; everything but the image has a default. */
export interface WantedWebhook {
  readonly image: string;
  readonly replicas?: number | undefined;
  readonly failurePolicy?: string | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly certificates?: string | undefined;
  /** `Issuer/name` or `ClusterIssuer/name`. */
  readonly issuer?: string | undefined;
  readonly namespaces?: string | undefined;
  readonly excludedNamespaces?: readonly string[] | undefined;
  readonly userLabels?: readonly string[] | undefined;
}

/** Checked and completed settings; `usage` names the wrong value. */
export function webhookSettings(wanted: WantedWebhook): WebhookSettings {
  if (!/^[a-z0-9][\w./:@-]*$/i.test(wanted.image)) {
    throw wrong(`"${wanted.image}" is no image name`, "give it as registry/repository:tag");
  }
  return {
    image: wanted.image,
    replicas: within("number of replicas", wanted.replicas ?? 2, 1, 20),
    failurePolicy: oneOf("failure policy", wanted.failurePolicy ?? "Fail", failurePolicies),
    // The API server allows no more than 30 s, and every pod creation may wait that long.
    timeoutSeconds: within("timeout", wanted.timeoutSeconds ?? 5, 1, 30),
    certificates: certificatesOf(wanted),
    namespaces: oneOf("choice of namespaces", wanted.namespaces ?? "all", namespaceModes),
    excludedNamespaces: unique(wanted.excludedNamespaces ?? [], namespaceName),
    userLabels: unique([runtimeLabels.userUid, ...(wanted.userLabels ?? [])], labelKey),
  };
}

function certificatesOf({ certificates = "own", issuer }: WantedWebhook): Certificates {
  const mode = oneOf("kind of certificates", certificates, certificateModes);
  if (mode === "own") {
    if (issuer === undefined) return { mode };
    throw wrong(
      `the issuer "${issuer}" is of no use to own certificates`,
      "use --certificates cert-manager",
    );
  }
  if (issuer === undefined) {
    throw wrong("cert-manager needs an issuer", "give --issuer Issuer/NAME or ClusterIssuer/NAME");
  }
  const [kind, name = "", ...rest] = issuer.split("/");
  if ((kind === "Issuer" || kind === "ClusterIssuer") && isDnsName(name) && rest.length === 0) {
    return { mode, issuer: { kind, name } };
  }
  throw wrong(`"${issuer}" is no issuer`, "give it as Issuer/NAME or ClusterIssuer/NAME");
}

function oneOf<const T extends string>(what: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  throw wrong(`unknown ${what} "${value}"`, `use one of: ${known.join(", ")}`);
}

function within(what: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw wrong(
    `the ${what} ${String(value)} is out of range`,
    `give a whole number from ${String(least)} to ${String(most)}`,
  );
}

function unique(values: readonly string[], check: (value: string) => void): readonly string[] {
  values.forEach(check);
  return [...new Set(values)].sort();
}

function namespaceName(name: string): void {
  if (isDnsName(name) && !name.includes(".") && name.length <= 63) return;
  throw wrong(`"${name}" is no name of a namespace`, "use lower-case letters, digits and -");
}

/** Goes into CEL texts: nothing but what the API server takes for a label key may pass. */
function labelKey(key: string): void {
  const [name = "", prefix, ...rest] = key.split("/").reverse();
  const fits =
    rest.length === 0 &&
    (prefix === undefined || (isDnsName(prefix) && prefix.length <= 253)) &&
    /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(name);
  if (!fits) throw wrong(`"${key}" is no label key`, "give it as example.com/user");
}

function isDnsName(name: string): boolean {
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name) && name.length <= 253;
}

function wrong(message: string, hint: string): ClouderError {
  return new ClouderError("usage", message, { hint });
}
