import { awaitSsh } from "./await-ssh.ts";
import { awaitBalancer, balancerName, ourBalancer } from "./balancer.ts";
import { callerAddress } from "#bootstrap/providers/caller-address";
import { awsFacts, vpcOf } from "./cloud-facts.ts";
import { costOf } from "./cost.ts";
import { identityOf, type AwsIdentity } from "./identity.ts";
import { ourInstances } from "./instances.ts";
import { balancerKinds, ensureMachines, machineOf } from "./machines.ts";
import { checkBeforehand } from "./preflight.ts";
import { previewCalls } from "./preview.ts";
import { afterRemovalOf, everything } from "./record.ts";
import { removeAll, reportKeptVolumes } from "./removal.ts";
import { removeMachines } from "./remove-machines.ts";
import { awsSettingFields } from "./setting-fields.ts";
import { lastingDifference, parseAwsSettings } from "./settings.ts";
import {
  checkLife,
  openSite,
  openWorkplace,
  type AwsSurroundings,
  type Workplace,
} from "./workplace.ts";
import { apiPort } from "#bootstrap/kubeadm/endpoint";
import { answersSsh } from "#bootstrap/nodes/ssh-banner";
import type { Provider, ProviderContext } from "#bootstrap/providers/provider";
import { systemClock } from "#core/clock";

/** Machines of EC2; what is around them is given by the caller. */
export function createAwsProvider(around: AwsSurroundings): Provider {
  const { clock } = around;
  const caller = async ({ settings }: Workplace) =>
    settings.private ? undefined : await around.callerAddress();
  return {
    keepsMachines: false,
    settingFields: awsSettingFields,
    cannotBecome: (known, wanted) => lastingDifference(known.settings, wanted.settings),
    machineNetworks: ({ settings }) => {
      const { vpc, vpcCIDR } = parseAwsSettings(settings);
      return vpc === undefined ? [{ path: "spec.provider.settings.vpcCIDR", cidr: vpcCIDR }] : [];
    },
    preflight: async (context) => {
      const workplace = await openWorkplace(context, clock);
      await checkLife(workplace);
      const address = await caller(workplace);
      await checkBeforehand(context, workplace, identityIn(context), address);
    },
    ensure: async (context, wanted) => {
      const workplace = await openWorkplace(context, clock);
      const address = await caller(workplace);
      return await ensureMachines(context, workplace, wanted, address);
    },
    awaitMachine: async (context, machine) => {
      const { session } = await openWorkplace(context, clock);
      await awaitSsh(session, identityIn(context), machine, around);
    },
    list: async (context) => {
      const { session, settings } = await openWorkplace(context, clock);
      const found = await ourInstances(session, identityIn(context));
      return found
        .filter(({ State, PrivateIpAddress }) => State?.Name === "running" && PrivateIpAddress)
        .map((one) => machineOf(context, settings, one))
        .sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
    },
    remove: async (context, machines) => {
      const { session, identity, book } = await openSite(
        context,
        await openWorkplace(context, clock),
      );
      if (machines !== "all") {
        return { left: await removeMachines(session, identity, book, machines) };
      }
      const begun = Object.values(book.current().intents);
      await book.change((record) => ({ generations: afterRemovalOf(record, [everything]) }));
      const left = await removeAll(session, identity, begun);
      if (left.length === 0) await book.change(() => ({ intents: {} }));
      await reportKeptVolumes(session, identity);
      return { left };
    },
    nodeSettings: () => Promise.resolve({}),
    apiAddress: async (context) => {
      const workplace = await openWorkplace(context, clock);
      const [inside = "", outside] = await Promise.all(
        balancerKinds(workplace.settings).map((kind) =>
          balancerName(workplace.session, identityIn(context), kind),
        ),
      );
      return {
        loadBalancer: `${inside}:${apiPort}`,
        ...(outside !== undefined && { forCallers: `${outside}:${apiPort}` }),
      };
    },
    awaitApiAddress: async (context) => {
      const { session, settings } = await openWorkplace(context, clock);
      await Promise.all(
        balancerKinds(settings).map((kind) => awaitBalancer(session, identityIn(context), kind)),
      );
    },
    cloudFacts: async (context) =>
      await awsFacts(await openWorkplace(context, clock), identityIn(context)),
    describe: async (context) => await describe(context, await openWorkplace(context, clock)),
    preview: previewCalls,
    cost: costOf,
  };
}

/** The provider as the program uses it. */
export const awsProvider: Provider = createAwsProvider({
  clock: systemClock,
  callerAddress,
  answersSsh,
});

const identityIn = ({ spec, uid }: ProviderContext): AwsIdentity => identityOf(spec.name, uid);

async function describe(
  context: ProviderContext,
  workplace: Workplace,
): Promise<Readonly<Record<string, string>>> {
  const { session, settings, caller } = workplace;
  const identity = identityIn(context);
  const [kind] = balancerKinds(settings).toReversed();
  const balancer =
    kind === undefined ? undefined : await ourBalancer(session, identity, `${kind}-balancer`);
  const id = await vpcOf(workplace, identity);
  return {
    region: session.region,
    account: caller.account,
    ...(id !== undefined && { vpc: id }),
    ...(balancer?.DNSName && { loadBalancer: `${balancer.DNSName}:${apiPort}` }),
  };
}
