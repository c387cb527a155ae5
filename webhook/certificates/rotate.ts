import type { Clock } from "#core/clock";
import type { LogEntry } from "#core/log";
import { ClouderError } from "#core/error";
import { componentLabels } from "#kube/install/labels";
import type { Kube } from "#kube/kube";
import { mutatingWebhookConfigurations, secrets, type Secret } from "#kube/resources";
import { writeBundle } from "#webhook/certificates/facts";
import type { KeyPair } from "#webhook/certificates/make";
import {
  planRotation,
  type RotationSettings,
  type RotationStep,
} from "#webhook/certificates/plan-rotation";
import {
  authorityName,
  certificateAnnotations,
  readState,
  secretKeys,
  servingName,
  type ReadState,
} from "#webhook/certificates/state";

export interface RotationContext {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly log: (entry: LogEntry) => void;
  readonly settings: RotationSettings;
}

/** A rotation has fewer; more means that somebody writes against us. */
const mostSteps = 10;

/**
 * Takes the steps that are due, each from what the API server says then, and gives the time of the
 * next one. It can be stopped between any two writes and taken up by another replica.
 */
export async function rotateCertificates(context: RotationContext): Promise<number> {
  const { kube, clock, log, settings } = context;
  for (let count = 0; count < mostSteps; count += 1) {
    const read = await readState(kube);
    const step = planRotation(clock.now(), read.state, settings);
    if (step.do === "rest") return step.until;
    await take(step, read, context);
    const reason = "reason" in step ? step.reason : "the configuration trusts the authority";
    log({ level: "info", message: `certificates: ${step.do}`, reason });
  }
  throw new ClouderError("conflict", "certificates do not come to rest", {
    retryable: true,
    hint: "somebody else writes the webhook configuration's caBundle or the certificates' Secrets",
  });
}

/** Asks the controller for a new authority and a new serving certificate, by a note on the Secret. */
export async function requestRotation(kube: Kube, now: number): Promise<void> {
  const annotations = { [certificateAnnotations.rotateAt]: new Date(now).toISOString() };
  await kube.patch(secrets, authorityName, { metadata: { annotations } });
}

type Deed = Exclude<RotationStep, { readonly do: "rest" }>;

function take(step: Deed, read: ReadState, context: RotationContext): Promise<void> {
  switch (step.do) {
    case "make-authority":
      return newAuthority(step.keep, read, context);
    case "publish":
      return publish(step, read, context);
    case "note-published":
      return note(read, context, new Date(context.clock.now()).toISOString());
    case "issue":
      return issue(read, context);
    case "drop":
      return drop(read, context);
  }
}

/** One write: a replica that dies here leaves either the old authority or the new one with the old. */
async function newAuthority(
  keep: readonly string[],
  { authoritySecret, known }: ReadState,
  { kube, clock, settings }: RotationContext,
): Promise<void> {
  const { makeAuthority } = await import("#webhook/certificates/make");
  const pair = await makeAuthority(clock.now(), settings.authorityLifeMs);
  const previous = known.filter(({ fingerprint }) => keep.includes(fingerprint));
  const { rotateAt, rotatedAt, publishedAt } = certificateAnnotations;
  const notes = without(authoritySecret?.metadata.annotations, publishedAt);
  const asked = notes[rotateAt];
  await write(kube, authoritySecret, authorityName, {
    annotations: { ...notes, ...(asked === undefined ? {} : { [rotatedAt]: asked }) },
    data: { ...dataOf(pair), [secretKeys.previous]: encoded(writeBundle(previous)) },
  });
}

/** Conditional on the version that was read; whoever changed it since is answered in the next pass. */
async function publish(
  step: Extract<RotationStep, { readonly do: "publish" }>,
  read: ReadState,
  context: RotationContext,
): Promise<void> {
  const { configuration, known, state } = read;
  if (!configuration) return;
  // First: a time that is too early would end the wait for API servers too early.
  if (step.anew && state.publishedAt !== undefined) await note(read, context, undefined);
  const trusted = step.trusted.flatMap((one) => known.filter((ca) => ca.fingerprint === one));
  const caBundle = encoded(writeBundle(trusted));
  await context.kube.replace(mutatingWebhookConfigurations, {
    ...configuration,
    webhooks: (configuration.webhooks ?? []).map((webhook) => ({
      ...webhook,
      clientConfig: { ...webhook.clientConfig, caBundle },
    })),
  });
}

async function note(
  { authoritySecret }: ReadState,
  { kube }: RotationContext,
  publishedAt: string | undefined,
): Promise<void> {
  const annotations = { [certificateAnnotations.publishedAt]: publishedAt ?? null };
  // Of another authority, written in between, this time would be wrong.
  const resourceVersion = authoritySecret?.metadata.resourceVersion;
  await kube.patch(secrets, authorityName, { metadata: { resourceVersion, annotations } });
}

async function issue(
  { authoritySecret, servingSecret }: ReadState,
  { kube, clock, settings }: RotationContext,
): Promise<void> {
  const authority = pairOf(authoritySecret);
  const { makeServing } = await import("#webhook/certificates/make");
  const pair = await makeServing(authority, clock.now(), settings.servingLifeMs);
  await write(kube, servingSecret, servingName, {
    annotations: servingSecret?.metadata.annotations ?? {},
    data: dataOf(pair),
  });
}

async function drop({ authoritySecret }: ReadState, { kube }: RotationContext): Promise<void> {
  const data = without(authoritySecret?.data, secretKeys.previous);
  const annotations = authoritySecret?.metadata.annotations ?? {};
  await write(kube, authoritySecret, authorityName, { annotations, data });
}

async function write(
  kube: Kube,
  old: Secret | undefined,
  name: { readonly namespace: string; readonly name: string },
  next: {
    readonly annotations: Readonly<Record<string, string>>;
    readonly data: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const type = "kubernetes.io/tls";
  if (old?.type === type) {
    await kube.replace(secrets, {
      ...old,
      metadata: { ...old.metadata, annotations: next.annotations },
      data: next.data,
    });
    return;
  }
  // A Secret's type cannot be changed.
  if (old) await kube.remove(secrets, name, uidOf(old));
  await kube.create<Secret>(secrets, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...name, labels: componentLabels("webhook"), annotations: next.annotations },
    type,
    data: next.data,
  });
}

function without(
  record: Readonly<Record<string, string>> | undefined,
  key: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record ?? {}).filter(([name]) => name !== key));
}

function uidOf({ metadata: { uid } }: Secret): { readonly uid?: string } {
  return uid === undefined ? {} : { uid };
}

function pairOf(secret: Secret | undefined): KeyPair {
  const text = (key: string) => Buffer.from(secret?.data?.[key] ?? "", "base64").toString("utf8");
  return { certificate: text(secretKeys.certificate), key: text(secretKeys.key) };
}

function dataOf({ certificate, key }: KeyPair): Readonly<Record<string, string>> {
  return { [secretKeys.certificate]: encoded(certificate), [secretKeys.key]: encoded(key) };
}

function encoded(text: string): string {
  return Buffer.from(text).toString("base64");
}
