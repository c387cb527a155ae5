import { balancerAddress } from "./balancer.ts";
import { azureFacts } from "./cloud-facts.ts";
import { isOurs } from "./identity.ts";
import { costOf } from "./cost.ts";
import { ensureMachines } from "./machines.ts";
import { ourMachines } from "./our-machines.ts";
import { checkBeforehand } from "./preflight.ts";
import { previewCalls } from "./preview.ts";
import { removeThings } from "./removal.ts";
import { azureSettingFields } from "./setting-fields.ts";
import { lastingDifference, parseAzureSettings } from "./settings.ts";
import {
  findGroup,
  openSite,
  openWorkplace,
  type AzureSurroundings,
  type Workplace,
} from "./site.ts";
import { callerAddress } from "#bootstrap/providers/caller-address";
import { answersSsh } from "#bootstrap/nodes/ssh-banner";
import type { Machine, Provider, ProviderContext } from "#bootstrap/providers/provider";
import { systemClock } from "#core/clock";
import { waitFor } from "#core/retry";

/** Machines of Azure; what is around them is given by the caller. */
export function createAzureProvider(around: AzureSurroundings): Provider {
  const caller = async ({ settings }: Workplace) =>
    settings.private ? undefined : await around.callerAddress();
  return {
    keepsMachines: false,
    settingFields: azureSettingFields,
    cannotBecome: (known, wanted) => lastingDifference(known.settings, wanted.settings),
    machineNetworks: ({ settings }) => {
      const { subnet, vnetCIDR } = parseAzureSettings(settings);
      const path = "spec.provider.settings.vnetCIDR";
      return subnet === undefined ? [{ path, cidr: vnetCIDR }] : [];
    },
    preflight: async (context) => {
      const place = await openWorkplace(context, around);
      await checkBeforehand(context, place, await caller(place));
    },
    ensure: async (context, wanted) => {
      const place = await openWorkplace(context, around);
      const address = await caller(place);
      return await ensureMachines(context, await openSite(context, place), wanted, address);
    },
    awaitMachine: (context, machine) => awaitSsh(context, around, machine),
    list: async (context) => await ourMachines(context, await openWorkplace(context, around)),
    remove: async (context, machines) => {
      const site = await openSite(context, await openWorkplace(context, around));
      const left = await removeThings(site, machines === "all" ? "all" : new Set(machines));
      if (machines === "all" && left.length === 0) await site.book.change(() => ({ intents: {} }));
      return { left };
    },
    nodeSettings: () => Promise.resolve({}),
    cloudFacts: async (context) => await azureFacts(await openWorkplace(context, around)),
    describe: async (context) => await describe(await openWorkplace(context, around)),
    apiAddress: async (context) => {
      const place = await openWorkplace(context, around);
      const nodes = await balancerAddress(place, "internal");
      if (nodes === undefined) return undefined;
      const callers = await balancerAddress(place, "public");
      return {
        loadBalancer: `${nodes}:6443`,
        ...(callers !== undefined && { forCallers: `${callers}:6443` }),
      };
    },
    preview: previewCalls,
    cost: costOf,
  };
}

/** The provider as the program uses it. */
export const azureProvider: Provider = createAzureProvider({
  clock: systemClock,
  callerAddress,
  answersSsh,
});

async function awaitSsh(
  { signal }: ProviderContext,
  around: AzureSurroundings,
  { name, reach }: Machine,
): Promise<void> {
  if (reach.access !== "ssh") return;
  const limits = {
    ...{ timeoutMs: 300_000, everyMs: 1000, clock: around.clock, signal },
    hint: "check that this machine's address is in --allow-cidr; machines without public addresses are reached with --jump-host, or from inside of the virtual network",
  };
  const { host, port } = reach;
  await waitFor(`that ${name} (${host}:${port}) answers over SSH`, limits, async () =>
    (await around.answersSsh(reach)) ? true : undefined,
  );
}

async function describe(place: Workplace): Promise<Readonly<Record<string, string>>> {
  const { identity, subscription, region, resourceGroup, settings } = place;
  const group = await findGroup(place);
  const balancer =
    group &&
    ((await balancerAddress(place, "public")) ?? (await balancerAddress(place, "internal")));
  return {
    ...{ region, subscription, resourceGroup },
    network: settings.subnet ?? `${identity.cluster}-vnet`,
    groupGoesWithIt: isOurs(identity, group?.tags) ? "yes" : "no",
    ...(balancer !== undefined && { loadBalancer: `${balancer}:6443` }),
  };
}
