import { connect } from "#bootstrap/steps/connect";
import { machines } from "#bootstrap/steps/machines";
import { releaseCloudThings, type ReleaseOptions } from "#bootstrap/steps/release-things";
import { removeMachines } from "#bootstrap/steps/remove-machines";
import { resetNode } from "#bootstrap/steps/reset-node";
import type { Step } from "#bootstrap/steps/step";

/** Machines that were made for the cluster; what its controllers made goes before them. */
export function deleteOwnMachinesPlan(options: ReleaseOptions): readonly Step[] {
  return [releaseCloudThings(options), removeMachines];
}

/**
 * Machines that are the user's: they are left as they were found, and none is touched while one of
 * them does not answer; `force` takes those that do.
 */
export function handBackMachinesPlan({ force }: Pick<ReleaseOptions, "force">): readonly Step[] {
  const everywhere = force ? [] : [connect.id];
  return [{ ...machines, needs: [] }, connect, { ...resetNode, everywhere }];
}
