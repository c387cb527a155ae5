import type { Clock } from "#core/clock";
import type { Kube } from "#kube/kube";
import type { CheckpointEnvironment } from "#checkpoint/engine/checkpoint-pod";
import type { StageEnvironment } from "#checkpoint/engine/stage-restore";
import type { Store } from "#checkpoint/stores/store";
import type { Log } from "#checkpoint/agent/log";

/** What all parts of the agent work with. */
export interface Agent {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeName: string;
  /** Opens the CheckpointStore of that name. */
  readonly openStore: (name: string) => Promise<Store>;
  readonly checkpointing: CheckpointEnvironment;
  readonly staging: StageEnvironment;
  /** Mount of the node's cgroups. */
  readonly cgroups: string;
  /** Aborted when the agent is to end: jobs under way are left to the next one. */
  readonly stopping: AbortSignal;
}
