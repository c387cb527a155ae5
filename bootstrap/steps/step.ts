import type { ApiEndpoint } from "#bootstrap/kubeadm/endpoint";
import type { AskSecret } from "#bootstrap/nodes/ask-secret";
import type { HostFacts } from "#bootstrap/nodes/host-facts";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import type { Packages } from "#bootstrap/packages/packages";
import type { Machine, NodeSettings, Provider } from "#bootstrap/providers/provider";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import type { Clock } from "#core/clock";
import type { Reporter } from "#core/report";

/** A machine we can run commands on. */
export interface Node {
  readonly machine: Machine;
  readonly access: NodeAccess;
}

/** What a machine says of itself, and the settings that fit it. */
export interface Host extends HostFacts {
  readonly settings: NodeSettings;
}

/** What is known before the plan starts. */
export interface PlanContext {
  readonly spec: ClusterSpec;
  readonly folder: string;
  /** Tells this cluster from every other, on its machines too. */
  readonly uid: string;
  readonly provider: Provider;
  readonly packages: Packages;
  readonly report: Reporter;
  readonly sshAgent?: string | undefined;
  readonly askSecret?: AskSecret | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Of a create: writes down what is wanted, before the first change. */
  readonly keepIntent?: () => Promise<void>;
  /** Of a delete: see ProviderContext. */
  readonly deleteGroup?: boolean | undefined;
}

/**
 * Facts that steps give to later steps; a plan whose needs nobody gives is rejected by the runner.
 * `nodes` and `hosts` are found machine by machine, in the order of the machines: a step of one
 * machine is sure of its own, a step of the cluster has all.
 */
export interface Facts {
  /** What is wanted was checked, and written down after that. */
  readonly intent: true;
  readonly machines: readonly Machine[];
  readonly nodes: readonly Node[];
  readonly hosts: readonly Host[];
  /** Those of the cluster: they fit all machines. */
  readonly settings: NodeSettings;
  /** Where nodes find the API servers. */
  readonly endpoint: ApiEndpoint;
  /** A control plane that is part of the cluster: the cluster is administered there. */
  readonly plane: Node;
  /** admin.conf as text, server rewritten to the endpoint the user reaches. */
  readonly kubeconfig: string;
  /** Absent when every node has joined already. */
  readonly joining: Joining | undefined;
}

/** Short-lived credentials for nodes that join; secret. */
export interface Joining {
  readonly token: string;
  readonly caCertHash: string;
  /** Present when a control plane is to join. */
  readonly certificateKey?: string;
}

export type FactName = keyof Facts;

/**
 * One step of a plan. `run` is idempotent: on a machine where its work is done already it changes
 * nothing and says so by `skipped`. Scope "node" runs once per node, in parallel; scope "machine"
 * runs once per machine before it is reached, and what it waits for takes nobody's turn.
 */
export type Step = StepBase &
  (
    | {
        readonly scope: "cluster";
        run(context: PlanContext, facts: Partial<Facts>): Promise<StepOutcome>;
      }
    | {
        readonly scope: "node";
        readonly on?: "control-plane" | "workers";
        run(context: PlanContext, facts: Partial<Facts>, node: Node): Promise<MachineOutcome>;
      }
    | {
        readonly scope: "machine";
        run(context: PlanContext, facts: Partial<Facts>, machine: Machine): Promise<MachineOutcome>;
      }
  );

export interface StepBase {
  /** Stable id for `--skip-steps`, `--only-step`, events and timings. */
  readonly id: string;
  readonly title: string;
  readonly needs: readonly FactName[];
  readonly gives: readonly FactName[];
  /** Ids of steps that must be done before; facts add their own order. */
  readonly after?: readonly string[];
  /** Ids of steps that must be done on all machines before this one starts on any. */
  readonly everywhere?: readonly string[];
  /** What a dry run prints: one line per command or call. */
  preview(context: PlanContext): readonly string[];
}

export interface StepOutcome {
  /** Present when nothing had to be changed. */
  readonly skipped?: string;
  readonly facts?: Partial<Facts>;
}

/** What a step finds out on one machine is added to what it found on others. */
export interface MachineOutcome extends StepOutcome {
  readonly facts?: Partial<Pick<Facts, "nodes" | "hosts">>;
}
