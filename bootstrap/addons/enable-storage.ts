import type { ChangedAddons } from "#bootstrap/addons/cluster-addons";
import { enableAddon } from "#bootstrap/addons/enable-addon";
import { findRecord } from "#bootstrap/cluster-folder";
import type { ClusterName, LifeAround } from "#bootstrap/pools/place";
import { ClouderError } from "#core/error";

/** What gives volumes in each cloud, the default class first. */
const drivers: Readonly<Record<string, readonly string[]>> = {
  aws: ["aws-ebs-csi-driver"],
  azure: ["azuredisk-csi-driver", "azurefile-csi-driver"],
};

/** Enables the storage drivers of a cluster's cloud; `refused` where there is no cloud. */
export async function enableStorage(
  request: ClusterName & { readonly timeoutMs: number },
  around: LifeAround,
): Promise<ChangedAddons> {
  const { spec } = await findRecord(request.home, request.cluster);
  const names = drivers[spec.provider.name];
  if (!names) {
    throw new ClouderError("refused", `${spec.name} is in no cloud whose storage is known`, {
      hint: `clusters of ${Object.keys(drivers).join(" and ")} have it; see: kubectl clouder addon list ${spec.name}`,
    });
  }
  const done: ChangedAddons[] = [];
  for (const addon of names) done.push(await enableAddon({ ...request, addon }, around));
  return { addons: names, changed: done.some(({ changed }) => changed) };
}
