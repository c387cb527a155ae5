import { ClouderError } from "#core/error";
import { systemNamespace } from "#checkpoint/api/names";
import type { OnFault } from "#webhook/review/answer";

/** What the webhook's process is told by its environment. */
export interface WebhookSettings {
  readonly port: number;
  /** Namespace of the webhook's own things. */
  readonly namespace: string;
  readonly podName: string;
  /** timeoutSeconds of the MutatingWebhookConfiguration; a call that names its own goes by that. */
  readonly timeoutMs: number;
  readonly onFault: OnFault;
  /** A folder with tls.crt and tls.key; absent: the Secret. */
  readonly certificateFolder: string | undefined;
  readonly certificateSecret: string;
  /** How long calls are still taken after SIGTERM. */
  readonly drainMs: number;
  /** Not ready when no watch has been heard of for so long. */
  readonly maxStalenessMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment; `config` names the variable that is wrong. */
export function readSettings(
  environment: Environment,
  defaults: { readonly podName: string; readonly certificateSecret: string },
): WebhookSettings {
  const seconds = (name: string, fallback: number, lowest: number, highest: number) =>
    numberOf(environment, name, fallback, lowest, highest) * 1000;
  const onFault = environment["CLOUDER_WEBHOOK_ON_FAULT"] ?? "deny";
  if (onFault !== "allow" && onFault !== "deny") {
    throw new ClouderError("config", `CLOUDER_WEBHOOK_ON_FAULT is "${onFault}"`, {
      hint: "allow: pods go on without injection; deny: they are refused",
    });
  }
  return {
    port: numberOf(environment, "CLOUDER_WEBHOOK_PORT", 8443, 0, 65_535),
    namespace: environment["POD_NAMESPACE"] ?? systemNamespace,
    podName: environment["POD_NAME"] ?? defaults.podName,
    timeoutMs: seconds("CLOUDER_WEBHOOK_TIMEOUT_SECONDS", 10, 1, 30),
    onFault,
    certificateFolder: environment["CLOUDER_CERTIFICATE_FOLDER"],
    certificateSecret: environment["CLOUDER_CERTIFICATE_SECRET"] ?? defaults.certificateSecret,
    drainMs: seconds("CLOUDER_WEBHOOK_DRAIN_SECONDS", 10, 0, 600),
    maxStalenessMs: seconds("CLOUDER_WEBHOOK_MAX_STALENESS_SECONDS", 900, 1, 86_400),
  };
}

function numberOf(
  environment: Environment,
  name: string,
  fallback: number,
  lowest: number,
  highest: number,
): number {
  const text = environment[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value >= lowest && value <= highest) return value;
  throw new ClouderError("config", `${name} is "${text}"`, {
    hint: `a number from ${lowest} to ${highest}`,
  });
}
