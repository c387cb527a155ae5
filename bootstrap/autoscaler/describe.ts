import { refuseUnscalable } from "#bootstrap/autoscaler/groups";
import { autoscalerValues, cloudConfig } from "#bootstrap/autoscaler/values";
import { findRecord } from "#bootstrap/cluster-folder";
import type { ClusterName } from "#bootstrap/pools/place";
import { providers } from "#bootstrap/providers/registry";
import { ClouderError } from "#core/error";
import { loadDriver } from "#core/registry";

/** The chart's values for a recorded cluster, or the file that tells it whom to call at `address`. */
export async function describeAutoscaler(
  { home, cluster }: ClusterName,
  address: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const { spec } = await findRecord(home, cluster);
  refuseUnscalable(spec, await loadDriver(providers, "provider", spec.provider.name));
  if (address === undefined) return autoscalerValues(spec);
  if (/^[A-Za-z0-9.-]+:\d{1,5}$/.test(address)) return cloudConfig(address);
  throw new ClouderError("usage", `--cloud-config "${address}" is not host:port`, {
    hint: "give the name that stands in the certificate of nodepool autoscale, for example scaler.example.org:8086",
  });
}
