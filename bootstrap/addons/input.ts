import type { Addon, AddonInput } from "#bootstrap/addons/addon";
import type { Provider, ProviderContext } from "#bootstrap/providers/provider";
import { ClouderError } from "#core/error";

/** What add-ons of a cluster are made from; its cloud is asked only where one of them is a cloud's. */
export async function addonInput(
  addons: readonly Addon[],
  context: ProviderContext & { readonly provider: Provider },
): Promise<AddonInput> {
  const { spec, provider } = context;
  if (!addons.some(isOfCloud)) return { spec };
  const cloud = await provider.cloudFacts?.(context);
  return { spec, ...(cloud && { cloud }) };
}

/** Fails while the cloud's add-ons could not do their work: without its controllers, or rights. */
export function refuseUnready({ spec, cloud }: AddonInput, addon: Addon): void {
  if (!isOfCloud(addon)) return;
  if (spec.cloudController !== true) {
    throw new ClouderError(
      "refused",
      `${addon.name} needs the cloud's controllers, and ${spec.name} runs without them`,
      { hint: "they come with a create: spec.cloudController: true, in a cluster of another name" },
    );
  }
  if (cloud?.cloud === "azure" && cloud.missingRole !== undefined) {
    throw new ClouderError(
      "denied",
      `${addon.name} could make nothing: the identity of ${spec.name}'s control planes has no role on ${cloud.resourceGroup}`,
      { hint: `who may give roles: ${cloud.missingRole}` },
    );
  }
}

const isOfCloud = ({ providers }: Addon): boolean => providers !== undefined;
