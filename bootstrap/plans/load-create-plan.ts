import type { PlannedFor } from "#bootstrap/plans/create-cluster";
import type { Step } from "#bootstrap/steps/step";

/** The steps of a create, read when one begins: most commands only need to know that there are such. */
export async function loadCreatePlan(planned: PlannedFor): Promise<readonly Step[]> {
  return (await import("#bootstrap/plans/create-cluster")).createClusterPlan(planned);
}
