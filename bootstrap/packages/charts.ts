import type { Chart } from "#bootstrap/addons/addon";
import type { ChartSource } from "#bootstrap/packages/packages";
import type { PackageSource } from "#bootstrap/spec/cluster-spec";
import { wrongField } from "#bootstrap/spec/document";

/** A chart from where its makers publish it. */
export function publicChart({ name, repository, version }: Chart): Promise<ChartSource> {
  const what = repository.startsWith("oci://")
    ? [`${repository}/${name}`]
    : [name, "--repo", repository];
  return Promise.resolve({
    ...{ kind: "pull", from: repository },
    arguments: [...what, "--version", version],
  });
}

/** A chart from a mirror's folder of archives. */
export function mirroredChart({
  charts,
  ca,
}: Extract<PackageSource, { kind: "mirror" }>): (chart: Chart) => Promise<ChartSource> {
  return ({ name, version }) => {
    if (charts === undefined) {
      const hint = `put ${name}-${version}.tgz into a folder of the mirror and give its address`;
      return Promise.reject(wrongField("spec.packages.charts", "is missing", hint));
    }
    const from = charts.replace(/\/+$/, "");
    const trust = ca === undefined ? [] : ["--ca-file", ca];
    return Promise.resolve({
      ...{ kind: "pull", from },
      arguments: [`${from}/${name}-${version}.tgz`, ...trust],
    });
  };
}
