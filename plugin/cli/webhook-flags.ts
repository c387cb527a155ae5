import {
  certificateModes,
  failurePolicies,
  namespaceModes,
  type WebhookSettings,
  webhookSettings,
} from "#webhook/install/settings";
import { integer, string } from "#plugin/cli/flags";

/** Flags of commands that install the webhook; what is not given has its default, each time anew. */
export const webhookFlags = {
  replicas: integer({ description: "how many pods the webhook has", default: 2 }),
  "failure-policy": string({
    description: "what becomes of pods while no replica answers; Ignore: they start bare",
    options: [...failurePolicies],
    default: "Fail",
  }),
  "webhook-timeout": integer({
    description: "seconds that the API server waits for an answer, 1 to 30",
    default: 5,
  }),
  certificates: string({
    description: "who makes the webhook's certificate",
    options: [...certificateModes],
    default: "own",
  }),
  issuer: string({ description: "with cert-manager: Issuer/NAME or ClusterIssuer/NAME" }),
  namespaces: string({
    description: "whose pods are sent to it; labelled: clouder.datalayer.io/inject=enabled",
    options: [...namespaceModes],
    default: "all",
  }),
  "exclude-namespace": string({
    description: "never send pods of this namespace; repeatable",
    multiple: true,
  }),
  "user-label": string({
    description: "also keep this label of pods from being changed; repeatable",
    multiple: true,
  }),
};

/** The settings behind the flags. */
export function webhookSettingsOf(flags: {
  readonly image: string;
  readonly replicas?: number | undefined;
  readonly "failure-policy"?: string | undefined;
  readonly "webhook-timeout"?: number | undefined;
  readonly certificates?: string | undefined;
  readonly issuer?: string | undefined;
  readonly namespaces?: string | undefined;
  readonly "exclude-namespace"?: readonly string[] | undefined;
  readonly "user-label"?: readonly string[] | undefined;
}): WebhookSettings {
  return webhookSettings({
    ...flags,
    failurePolicy: flags["failure-policy"],
    timeoutSeconds: flags["webhook-timeout"],
    excludedNamespaces: flags["exclude-namespace"],
    userLabels: flags["user-label"],
  });
}
