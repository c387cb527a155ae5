import { openBundle } from "#bootstrap/bundle/load";
import { clusterFolder } from "#bootstrap/cluster-folder";
import type { CreateClusterRequest, Surroundings } from "#bootstrap/create-cluster";
import { createClusterPlan } from "#bootstrap/plans/create-cluster";
import { chooseSteps } from "#bootstrap/plans/order";
import { providers } from "#bootstrap/providers/registry";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { documentBundle, loadSpec } from "#bootstrap/spec/load";
import { wantedMachines } from "#bootstrap/spec/machines";
import { ClouderError, hasCode } from "#core/error";
import { loadDriver } from "#core/registry";

/** Stands in for the bundle's version while the bundle has not been looked for. */
const anyVersion = "v1.0.0";

/** What a request wants. What its own words contradict is told first, the bundle comes after. */
export async function wantedCluster(
  request: CreateClusterRequest,
  around: Surroundings,
): Promise<ClusterSpec> {
  const { document, flags } = request;
  const parsed = document === undefined ? undefined : await parseDocument(document);
  const specWith = (kubernetesVersion: string) =>
    loadSpec({
      ...(parsed !== undefined && { document: parsed }),
      flags,
      defaults: { kubernetesVersion },
    });
  try {
    await checkRequest(specWith(anyVersion), request, around);
  } catch (error) {
    // Without a document every wrong value was an argument.
    if (document !== undefined || !hasCode(error, "config", "not-found")) throw error;
    const hint = error.hint ?? "see: kubectl clouder cluster create --help";
    throw new ClouderError("usage", error.message, { hint, cause: error.cause });
  }
  const { bundle } = await openBundle(flags.bundle ?? documentBundle(parsed) ?? "");
  return specWith(bundle.versions.kubernetes);
}

async function checkRequest(
  spec: ClusterSpec,
  { home, steps }: CreateClusterRequest,
  around: Surroundings,
): Promise<void> {
  chooseSteps(createClusterPlan, steps ?? {});
  const provider = await loadDriver(providers, "provider", spec.provider.name);
  const context = { ...around, spec, folder: clusterFolder(home, spec.name) };
  // Reads the provider's settings and compares them with the machines that are wanted.
  provider.preview(context, wantedMachines(spec));
}

async function parseDocument(text: string): Promise<unknown> {
  const { parseDocument: parse } = await import("yaml");
  const document = parse(text, { uniqueKeys: true });
  const [problem] = document.errors;
  if (problem) {
    throw new ClouderError("config", `the cluster document is not YAML: ${problem.message}`);
  }
  return document.toJS() as unknown;
}
