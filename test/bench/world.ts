import type { BenchWorld } from "#test/bench/groups";
import { raiseLabCluster, type LabCluster } from "#test/lab/lab-cluster";

/** The world of one run; disposing it deletes the cluster. */
export function createWorld(say: (text: string) => void): BenchWorld & AsyncDisposable {
  let raised: Promise<LabCluster & AsyncDisposable> | undefined;
  const dropCluster = async () => {
    // A raise that failed has told its caller and has left nothing.
    const cluster = await raised?.catch(() => undefined);
    raised = undefined;
    await cluster?.[Symbol.asyncDispose]();
  };
  return {
    say,
    cluster: () => (raised ??= raiseLabCluster({ name: "bench", step: say })),
    dropCluster,
    [Symbol.asyncDispose]: dropCluster,
  };
}
