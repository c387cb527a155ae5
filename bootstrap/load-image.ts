import { stat } from "node:fs/promises";
import { clusterFolder, findRecord } from "#bootstrap/cluster-folder";
import type { Surroundings } from "#bootstrap/create-cluster";
import { createGate } from "#bootstrap/plans/gate";
import { providers } from "#bootstrap/providers/registry";
import { connectAll } from "#bootstrap/steps/connect";
import { ClouderError } from "#core/error";
import { loadDriver } from "#core/registry";
import { reportStep } from "#core/report";

/** Puts an image archive on every node of a cluster, for clusters without a registry. */
export async function loadImage(
  request: { readonly home: string; readonly name: string; readonly archive: string },
  around: Surroundings,
): Promise<{ readonly archive: string; readonly nodes: readonly string[] }> {
  const { home, name, archive } = request;
  const { spec } = await findRecord(home, name);
  const file = await stat(archive).catch(() => undefined);
  if (!file?.isFile()) {
    throw new ClouderError("not-found", `there is no file ${archive}`, {
      hint: "give an image archive, as docker save or podman save write it",
    });
  }
  const provider = await loadDriver(providers, "provider", spec.provider.name);
  const machines = await provider.list({ ...around, spec, folder: clusterFolder(home, name) });
  const nodes = await connectAll(around, machines);
  const gate = createGate(2);
  try {
    await Promise.all(
      nodes.map(({ machine, access }) =>
        gate(() =>
          reportStep(
            around.report,
            { step: "load-image", title: `import ${archive}`, host: machine.name },
            () =>
              access.run(["ctr", "-n", "k8s.io", "images", "import", "--local", "-"], {
                stdinFile: archive,
                signal: around.signal,
              }),
          ),
        ),
      ),
    );
  } finally {
    await Promise.all(nodes.map(({ access }) => access.close()));
  }
  return { archive, nodes: nodes.map(({ machine }) => machine.name) };
}
