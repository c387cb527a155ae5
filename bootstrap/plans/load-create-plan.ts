import type { Provider } from "#bootstrap/providers/provider";
import type { Step } from "#bootstrap/steps/step";

/** The steps of a create, read when one begins: most commands only need to know that there are such. */
export async function loadCreatePlan(
  provider: Pick<Provider, "keepsMachines">,
): Promise<readonly Step[]> {
  return (await import("#bootstrap/plans/create-cluster")).createClusterPlan(provider);
}
