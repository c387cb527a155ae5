import { systemNamespace } from "#checkpoint/api/names";
import { hasCode } from "#core/error";
import { type Reporter, reportStep } from "#core/report";
import { referenceOf } from "#kube/install/kinds";
import { removeObjects, type Removed } from "#kube/install/remove-objects";
import type { Kube, KubeObject } from "#kube/kube";
import { configMaps, persistentVolumeClaims, secrets } from "#kube/resources";
import {
  caSecretName,
  injectionLabels,
  secretIndexName,
  servingSecretName,
} from "#webhook/api/names";
import { clusterInjectionPolicies, injectionPolicies } from "#webhook/api/types";
import { webhookConfiguration } from "#webhook/install/configuration";
import { webhookDataObjects, webhookProgramObjects } from "#webhook/install/objects";
import { webhookSettings } from "#webhook/install/settings";

/** How much a purge would destroy, for the question before it. */
export async function countPolicies(kube: Kube): Promise<number> {
  const all = await Promise.all([
    listOrNone(() => kube.list(injectionPolicies)),
    listOrNone(() => kube.list(clusterInjectionPolicies)),
  ]);
  return all.flat().length;
}

/**
 * Removes the webhook, its configuration first: from then on the API server calls nobody, and no pod
 * waits for what is being removed. Policies and homes stay; with `purge` the policies go, too. Claims
 * always stay: they are users' data, and no command of ours deletes them.
 */
export async function uninstallWebhook(
  { purge }: { readonly purge: boolean },
  { kube, report }: { readonly kube: Kube; readonly report: Reporter },
): Promise<readonly Removed[]> {
  // So that a Certificate of cert-manager is among the objects; where it is unknown, none is found.
  const settings = webhookSettings({
    image: "any",
    certificates: "cert-manager",
    issuer: "Issuer/any",
  });
  const programs = webhookProgramObjects(settings);
  const step = { step: "remove-webhook", title: "remove the webhook" };
  const removed = await reportStep(report, step, async () => [
    ...(await removeObjects([webhookConfiguration(settings)], kube)),
    ...(await removeObjects([...programs].reverse(), kube)),
    ...(await removeOwnData(kube)),
  ]);
  const kinds = webhookDataObjects().filter(({ kind }) => kind === "CustomResourceDefinition");
  if (purge) return [...removed, ...(await removeObjects(kinds, kube)), ...(await keptHomes(kube))];
  return [
    ...removed,
    ...kinds.map((kind) => kept(kind, "holds policies")),
    ...(await keptHomes(kube)),
  ];
}

/** Keys, certificates and indexes, which the controller made and would make again. */
async function removeOwnData(kube: Kube): Promise<readonly Removed[]> {
  const removed: Removed[] = [];
  for (const name of [caSecretName, servingSecretName]) {
    const secret = { namespace: systemNamespace, name };
    if (!(await isThere(() => kube.get(secrets, secret)))) continue;
    await kube.remove(secrets, secret);
    removed.push({ object: `secret/${name}`, outcome: "removed" });
  }
  const fieldSelector = `metadata.name=${secretIndexName}`;
  for (const { metadata } of await kube.list(configMaps, { fieldSelector })) {
    const { name, namespace = "" } = metadata;
    await kube.remove(configMaps, { name, namespace });
    removed.push({ object: `configmap/${name} of ${namespace}`, outcome: "removed" });
  }
  return removed;
}

async function keptHomes(kube: Kube): Promise<readonly Removed[]> {
  const homes = await kube.list(persistentVolumeClaims, { labelSelector: injectionLabels.home });
  return homes.map((home) =>
    kept(home, `the home of a user, in namespace ${home.metadata.namespace ?? ""}`),
  );
}

function kept(object: KubeObject, reason: string): Removed {
  return { object: referenceOf(object), outcome: "kept", reason };
}

/** The kind may be gone already: then there is none of it. */
async function listOrNone<T>(list: () => Promise<readonly T[]>): Promise<readonly T[]> {
  return (await orUndefined(list)) ?? [];
}

async function isThere(get: () => Promise<object>): Promise<boolean> {
  return (await orUndefined(get)) !== undefined;
}

async function orUndefined<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (hasCode(error, "not-found")) return undefined;
    throw error;
  }
}
