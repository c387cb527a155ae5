import { armEnvironment, startArm, type Arm } from "#test/lab/arm/arm";
import { everythingIn } from "#test/lab/arm/cloud";
import { balancersIn, machinesIn, type BookedMachine } from "#test/lab/azure-books";
import { createCloudBalancers } from "#test/lab/cloud-balancers";
import { createCloudMachines, type CloudMachines } from "#test/lab/cloud-machines";
import { openCloudSite } from "#test/lab/cloud-site";
import { launcher, type LabCluster } from "#test/lab/lab-cluster";
import { runProgram, type ProgramOptions, type ProgramResult } from "#test/lab/run-program";

/** The fake of Azure Resource Manager with real machines and load balancers behind it. */
export interface AzureCloud extends AsyncDisposable {
  readonly arm: Arm;
  /** The only network in which machines can be. */
  readonly network: string;
  /** What tells the product, and others, where the cloud is. */
  readonly environment: Readonly<Record<string, string>>;
  clouder(args: readonly string[], options?: ProgramOptions): Promise<ProgramResult>;
  /** All that is in the subscription, as "type name"; resource groups are of the type "group". */
  everything(): readonly string[];
  /** Machines that are on this host. */
  machines(): Promise<readonly string[]>;
  /** Waits for what is still booting or ending; fails with what failed. */
  settled(): Promise<void>;
}

/** Starts the cloud; `name` is its site's. */
export async function startAzureCloud(lab: LabCluster, name: string): Promise<AzureCloud> {
  await using undo = new AsyncDisposableStack();
  const site = undo.use(await openCloudSite(lab, name));
  const arm = await startArm(site.folder);
  undo.defer(() => arm.stop());
  // Without it Azure's command line looks every 30 s.
  arm.lookEvery = 1;
  let given = 10;
  arm.cloud.publicAddress = () => {
    given += 1;
    return site.outside(given);
  };
  const balancers = createCloudBalancers(site, () => Promise.resolve(balancersIn(arm.cloud)));
  undo.defer(() => balancers.stop());
  const machines = createCloudMachines(site);
  undo.defer(() => machines.settled().catch(() => undefined));
  const follow = followBooks(machines);
  let refreshed = Promise.resolve();
  arm.changed = () => {
    follow(machinesIn(arm.cloud));
    refreshed = balancers.refresh();
    // Told by `settled`.
    refreshed.catch(() => undefined);
  };
  const environment = { ...armEnvironment(arm), HOME: lab.home };
  const kept = undo.move();
  return {
    ...{ arm, environment, network: site.network },
    clouder: (args, options) =>
      runProgram([launcher, ...args], { environment, outlivesUs: true, ...options }),
    everything: () => everythingIn(arm.cloud),
    machines: site.machines,
    settled: async () => {
      await refreshed;
      await machines.settled();
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Does to the machines what makes them those of the books. */
function followBooks(machines: CloudMachines) {
  /** True: with power. */
  const known = new Map<string, boolean>();
  return (booked: readonly BookedMachine[]): void => {
    const there = new Set(booked.map(({ name }) => name));
    if (there.size < booked.length) throw new Error(`one name twice: ${[...there].join(" ")}`);
    for (const name of known.keys()) {
      if (there.has(name)) continue;
      known.delete(name);
      machines.end(name);
    }
    for (const machine of booked) {
      const { name, powered } = machine;
      if (known.get(name) === powered) continue;
      known.set(name, powered);
      if (powered) machines.start(machine);
      else machines.cut(name);
    }
  };
}
