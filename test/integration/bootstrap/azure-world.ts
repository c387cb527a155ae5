import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { createAzureProvider } from "#bootstrap/providers/azure/provider";
import type { Machine, Provider, ProviderContext } from "#bootstrap/providers/provider";
import { loadSpec } from "#bootstrap/spec/load";
import { wantedMachines } from "#bootstrap/spec/machines";
import type { Clock } from "#core/clock";
import type { ReportEvent } from "#core/report";
import {
  armEnvironment,
  owner,
  startArm,
  type Arm,
  type ArmCall,
  type ArmFault,
} from "#test/lab/arm/arm";
import { hastyClock } from "./cloud-run.ts";
import { everythingIn, type Stored } from "#test/lab/arm/cloud";

const region = "eastus";

/** The ARM fake, and what tests do with it. */
export interface AzureWorld {
  readonly arm: Arm;
  readonly provider: Provider;
  /** What the provider reported. */
  readonly events: ReportEvent[];
  readonly clock: Clock;
  readonly home: string;
  /** A cluster's context with a folder of its own. */
  context(cluster: ClusterWish): Promise<ProviderContext>;
  /** Makes the machines that the context's spec wants. */
  ensure(context: ProviderContext): Promise<readonly Machine[]>;
  /** Calls that were to change something. */
  changes(): readonly ArmCall[];
  /** Everything in the subscription, as "type name"; resource groups are of the type "group". */
  everything(): readonly string[];
  /** The resource of a type and name. */
  stored(type: string, name: string): Stored | undefined;
  reset(): void;
  close(): Promise<void>;
}

export interface ClusterWish {
  readonly name?: string;
  readonly uid?: string;
  readonly planes?: number;
  readonly workers?: number;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Another context on the same folder: a later run of the program. */
  readonly folder?: string;
}

/** Starts the fake; this process trusts its certificate from then on. */
export async function startAzureWorld(): Promise<AzureWorld> {
  const home = await mkdtemp(join(tmpdir(), "clouder-azure-"));
  const arm = await startArm(home);
  const before = getCACertificates("default");
  setDefaultCACertificates([...before, arm.certificate]);
  const clock = hastyClock();
  const events: ReportEvent[] = [];
  const provider = createAzureProvider({
    ...{ clock, pace: hastyPace },
    callerAddress: () => Promise.resolve("198.51.100.7"),
    answersSsh: () => Promise.resolve(true),
  });
  let folders = 0;
  return {
    arm,
    events,
    clock,
    home,
    provider,
    ensure: (context) => provider.ensure(context, wantedMachines(context.spec)),
    changes: () => arm.calls.filter(({ method }) => method !== "GET"),
    context: async (wish) => {
      folders += 1;
      const folder = wish.folder ?? join(home, `folder-${folders}`);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return {
        spec: specOf(wish),
        folder,
        uid: wish.uid ?? uidOf(folders),
        environment: { HOME: home, ...armEnvironment(arm, owner), ...wish.environment },
        report: (event) => events.push(event),
        ...(wish.signal && { signal: wish.signal }),
      };
    },
    everything: () => everythingIn(arm.cloud),
    stored: (type, name) =>
      [...arm.cloud.things.values()].find(
        (one) => one.name === name && one.type.split("/").at(-1) === type,
      ),
    reset: () => {
      arm.reset();
      events.length = 0;
    },
    close: async () => {
      setDefaultCACertificates(before);
      await arm.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

const uidOf = (count: number): string =>
  `${String(count).padStart(8, "0")}-1111-4222-8333-444444444444`;

/** The spec of a wish. */
export function specOf({ name = "dev", planes = 1, workers = 2, settings = {} }: ClusterWish) {
  const spec = loadSpec({
    flags: { name, provider: "azure", workers, settings: { region, ...settings } },
    defaults: { kubernetesVersion: "v1.36.3", bundle: "/bundle" },
  });
  return { ...spec, controlPlane: { ...spec.controlPlane, count: planes } };
}

/** A rule by which calls of a method whose path fits are refused. */
export const refuse =
  (method: string, part: RegExp, code: string, status = 400) =>
  (call: ArmCall): ArmFault | undefined =>
    call.method === method && part.test(call.path) ? { kind: "error", code, status } : undefined;

/** The same for the SDKs, which know no clock but the machine's. */
export const hastyPace = { retryMs: 20, pollMs: 10 };
