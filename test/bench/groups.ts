import type { Registry } from "#core/registry";
import type { BenchRow } from "#test/bench/row";
import type { LabCluster } from "#test/lab/lab-cluster";

/** What groups of rows are measured on. */
export interface BenchWorld {
  say(text: string): void;
  /** Raised at the first call, then the same for all groups. */
  cluster(): Promise<LabCluster>;
  /** For groups that want the machine for themselves. */
  dropCluster(): Promise<void>;
}

export type MeasureRows = (world: BenchWorld) => readonly BenchRow[] | Promise<readonly BenchRow[]>;

/** Groups of rows by the name that `node test/bench/run.ts NAME` takes; one table each. */
export const groups: Registry<MeasureRows> = {
  startup: {
    title: "Start-up",
    load: async () => (await import("#test/bench/startup")).startupRows,
  },
  cluster: {
    title: "On a node",
    load: async () => (await import("#test/bench/cluster")).clusterRows,
  },
  archive: {
    title: "Archive and store",
    load: async () => (await import("#test/bench/archive")).archiveRows,
  },
  bootstrap: {
    title: "Bootstrap",
    load: async () => (await import("#test/bench/bootstrap")).bootstrapRows,
  },
  webhook: {
    title: "Webhook",
    load: async () => (await import("#test/bench/webhook")).webhookRows,
  },
};
