import { ClouderError, hasCode } from "#core/error";
import type { Reporter } from "#core/report";
import type { Kube } from "#kube/kube";
import { mutatingWebhookConfigurations, namespaces } from "#kube/resources";
import type { CommandContext } from "#plugin/cli/command";
import { readPod } from "#plugin/cli/read-pod";
import { webhookName } from "#webhook/api/names";
import { explain, type Explanation } from "#webhook/explain";
import type { Creator } from "#webhook/policy/request";

export interface ExplainFlags {
  readonly filename: string;
  readonly as?: string | undefined;
  readonly "as-group"?: readonly string[] | undefined;
  readonly policies?: string | undefined;
  readonly "may-use"?: readonly string[] | undefined;
  readonly namespace?: string | undefined;
}

/** Explains the pod of a file: by the policies of a folder, or by those of the cluster. */
export async function explainFile(
  flags: ExplainFlags,
  context: CommandContext,
): Promise<Explanation> {
  const { policies, "may-use": usable = [] } = flags;
  const { pod, ...file } = await readPod(flags.filename);
  const as = namedCreator(flags) ?? file.creator;
  if (policies !== undefined) {
    const { worldFromFiles } = await import("#webhook/world/from-files");
    const namespace = flags.namespace ?? file.namespace ?? "default";
    const mayUse = (_creator: Creator, _namespace: string, user: string) => usable.includes(user);
    const world = await worldFromFiles(policies, { mayUse, namespace });
    note(context.report, [
      ...world.ignored.map((one) => `${one} decides nothing and was left out`),
      ...(world.policyCount > 0 ? [] : [`there is no policy in ${policies}`]),
    ]);
    return explain(pod, namespace, as ?? { username: "somebody", groups: [] }, world);
  }
  if (usable.length > 0) {
    throw new ClouderError("usage", "--may-use is for --policies; a cluster knows its rights", {
      hint: "leave it out, or give the folder of policies, too",
    });
  }
  const { creatorOfCaller, worldFromCluster } = await import("#webhook/world/from-cluster");
  const kube = await context.kube();
  const namespace = flags.namespace ?? file.namespace ?? kube.namespace;
  const world = await worldFromCluster(kube, namespace, as);
  const explanation = await explain(pod, namespace, as ?? (await creatorOfCaller(kube)), world);
  note(context.report, [...world.gaps, ...(await lacking(kube, namespace))]);
  return explanation;
}

/** What makes the answer a guess: a namespace or a webhook that is not there. */
async function lacking(kube: Kube, namespace: string): Promise<readonly string[]> {
  const [hasNamespace, hasWebhook] = await Promise.all([
    isThere(kube.get(namespaces, { name: namespace })),
    isThere(kube.get(mutatingWebhookConfigurations, { name: webhookName })),
  ]);
  return [
    ...(hasNamespace ? [] : [`there is no namespace "${namespace}"`]),
    ...(hasWebhook ? [] : ["the webhook is not installed: this is what it would do"]),
  ];
}

/** What the caller may not read counts as there. */
async function isThere(reading: Promise<object>): Promise<boolean> {
  try {
    await reading;
    return true;
  } catch (error) {
    if (hasCode(error, "not-found")) return false;
    if (hasCode(error, "denied")) return true;
    throw error;
  }
}

const serviceAccount = "system:serviceaccount:";

/** Groups that the API server adds by itself are added here, too. */
function namedCreator(flags: ExplainFlags): Creator | undefined {
  const { as: username, "as-group": given = [] } = flags;
  if (username === undefined) {
    if (given.length === 0) return undefined;
    throw new ClouderError("usage", "--as-group needs --as", { hint: "name the user, too" });
  }
  if (username === "") {
    throw new ClouderError("usage", "--as is empty", { hint: "name who creates the pod" });
  }
  const [, , namespace] = username.startsWith(serviceAccount) ? username.split(":") : [];
  const ofAccount = namespace
    ? ["system:serviceaccounts", `system:serviceaccounts:${namespace}`]
    : [];
  return { username, groups: [...new Set([...given, ...ofAccount, "system:authenticated"])] };
}

function note(report: Reporter, messages: readonly string[]): void {
  for (const message of messages) report({ type: "note", level: "warn", message });
}
