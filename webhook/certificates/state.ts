import { apiGroup, systemNamespace } from "#checkpoint/api/names";
import { hasCode } from "#core/error";
import type { Kube, KubeObject, Resource } from "#kube/kube";
import {
  mutatingWebhookConfigurations,
  secrets,
  type MutatingWebhookConfiguration,
  type Secret,
} from "#kube/resources";
import { caSecretName, servingSecretName, webhookName } from "#webhook/api/names";
import {
  readAuthority,
  readBundle,
  readServing,
  type KnownCertificate,
} from "#webhook/certificates/facts";
import type { RotationState } from "#webhook/certificates/plan-rotation";

/** On the Secret of the authority; times as RFC 3339. */
export const certificateAnnotations = {
  /** Set by whoever wants new keys; each value is obeyed once. */
  rotateAt: `${apiGroup}/rotate-at`,
  /** The last such value that was obeyed. */
  rotatedAt: `${apiGroup}/rotated-at`,
  /** Since when the webhook configuration trusts the authority. */
  publishedAt: `${apiGroup}/published-at`,
} as const;

/** Keys of the two Secrets, which are of type kubernetes.io/tls. */
export const secretKeys = {
  certificate: "tls.crt",
  key: "tls.key",
  /** Of the authority's Secret: certificates that are trusted besides. */
  previous: "previous.crt",
} as const;

/** The objects of a rotation as they are, and what they mean. */
export interface ReadState {
  readonly authoritySecret: Secret | undefined;
  readonly servingSecret: Secret | undefined;
  readonly configuration: MutatingWebhookConfiguration | undefined;
  /** Every authority that is known by certificate. */
  readonly known: readonly KnownCertificate[];
  readonly state: RotationState;
}

export const authorityName = { namespace: systemNamespace, name: caSecretName } as const;
export const servingName = { namespace: systemNamespace, name: servingSecretName } as const;

/** Reads where the rotation stands; the API server is its only memory. */
export async function readState(kube: Kube): Promise<ReadState> {
  const [authoritySecret, servingSecret, configuration] = await Promise.all([
    find(kube, secrets, authorityName),
    find(kube, secrets, servingName),
    find(kube, mutatingWebhookConfigurations, { name: webhookName }),
  ]);
  const authority =
    authoritySecret &&
    readAuthority(
      textOf(authoritySecret, secretKeys.certificate),
      textOf(authoritySecret, secretKeys.key),
    );
  // An authority whose key is gone is still worth trusting: what it signed may be in use.
  const previous = readBundle(
    textOf(authoritySecret, secretKeys.previous) +
      (authority ? "" : textOf(authoritySecret, secretKeys.certificate)),
  );
  const published = publishedBy(configuration);
  const known = unique([
    ...(authority ? [authority] : []),
    ...previous,
    ...(published?.certificates ?? []),
  ]);
  const serving =
    servingSecret &&
    readServing(
      textOf(servingSecret, secretKeys.certificate),
      textOf(servingSecret, secretKeys.key),
      known,
    );
  return {
    authoritySecret,
    servingSecret,
    configuration,
    known,
    state: {
      previous,
      ...(authority ? { authority } : {}),
      ...(serving ? { serving } : {}),
      ...(published ? { published } : {}),
      ...times(authoritySecret),
    },
  };
}

function times(secret: Secret | undefined): Pick<RotationState, "publishedAt" | "rotateAt"> {
  const { rotateAt, rotatedAt, publishedAt } = certificateAnnotations;
  const notes = secret?.metadata.annotations ?? {};
  const published = Date.parse(notes[publishedAt] ?? "");
  const wanted = notes[rotateAt] === notes[rotatedAt] ? NaN : Date.parse(notes[rotateAt] ?? "");
  return {
    ...(Number.isNaN(published) ? {} : { publishedAt: published }),
    ...(Number.isNaN(wanted) ? {} : { rotateAt: wanted }),
  };
}

function publishedBy(configuration: MutatingWebhookConfiguration | undefined) {
  const webhooks = configuration?.webhooks ?? [];
  if (webhooks.length === 0) return undefined;
  const bundles = webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? "");
  const texts = bundles.map((bundle) => Buffer.from(bundle, "base64").toString("utf8"));
  return {
    certificates: readBundle(texts.join("\n")),
    same: bundles.every((bundle) => bundle === bundles[0]),
  };
}

function textOf(secret: Secret | undefined, key: string): string {
  return Buffer.from(secret?.data?.[key] ?? "", "base64").toString("utf8");
}

function unique(certificates: readonly KnownCertificate[]): readonly KnownCertificate[] {
  return [...new Map(certificates.map((one) => [one.fingerprint, one])).values()];
}

async function find<T extends KubeObject>(
  kube: Kube,
  resource: Resource<T>,
  name: { readonly name: string; readonly namespace?: string },
): Promise<T | undefined> {
  try {
    return await kube.get(resource, name);
  } catch (error) {
    if (hasCode(error, "not-found")) return undefined;
    throw error;
  }
}
