import { clusterFolder } from "#bootstrap/cluster-folder";
import type { CreateClusterRequest, Surroundings } from "#bootstrap/create-cluster";
import { openPackages } from "#bootstrap/packages/registry";
import { refuseNoEndpoint } from "#bootstrap/kubeadm/endpoint";
import { loadCreatePlan } from "#bootstrap/plans/load-create-plan";
import { chooseSteps } from "#bootstrap/plans/order";
import type { Provider } from "#bootstrap/providers/provider";
import { providers } from "#bootstrap/providers/registry";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { wrongField } from "#bootstrap/spec/document";
import { loadPackages, loadSpec } from "#bootstrap/spec/load";
import { readSource } from "#bootstrap/spec/read-source";
import { toldBySource } from "#bootstrap/spec/source";
import { wantedMachines } from "#bootstrap/spec/machines";
import { checkMachineNetworks } from "#bootstrap/spec/validate";
import { ClouderError, hasCode } from "#core/error";
import { loadDriver } from "#core/registry";

/** Stands in for the packages' version while they have not been looked for. */
const anyVersion = "v1.0.0";

/** What a request wants. What its own words contradict is told first, the packages come after. */
export async function wantedCluster(
  request: CreateClusterRequest,
  around: Surroundings,
): Promise<ClusterSpec> {
  const { document, flags } = request;
  const source =
    document === undefined
      ? undefined
      : await readSource(document, request.file ?? "the cluster document");
  const specWith = (kubernetesVersion: string) =>
    loadSpec({ source, flags, defaults: { kubernetesVersion } });
  try {
    await checkRequest(specWith(anyVersion), request, around);
  } catch (error) {
    const told = toldBySource(error, flags, source);
    // Without a document every wrong value was an argument.
    if (document !== undefined || !hasCode(told, "config", "not-found")) throw told;
    const hint = told.hint ?? "see: kubectl clouder cluster create --help";
    throw new ClouderError("usage", told.message, { hint, cause: told.cause });
  }
  const packages = await openPackages(loadPackages({ source, flags, defaults: {} }));
  return specWith(packages.kubernetesVersion);
}

async function checkRequest(
  spec: ClusterSpec,
  { home, steps }: CreateClusterRequest,
  around: Surroundings,
): Promise<void> {
  const provider = await providerOf(spec);
  chooseSteps(await loadCreatePlan({ provider, spec }), steps ?? {});
  const context = { ...around, spec, folder: clusterFolder(home, spec.name) };
  refuseNoEndpoint(spec, provider);
  // Reads the provider's settings and compares them with the machines that are wanted.
  provider.preview(context, wantedMachines(spec));
  checkMachineNetworks(spec, provider.machineNetworks(spec.provider));
}

async function providerOf({ provider: { name } }: ClusterSpec): Promise<Provider> {
  try {
    return await loadDriver(providers, "provider", name);
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
    throw wrongField("spec.provider.name", `"${name}" is not a known provider`, error.hint);
  }
}
