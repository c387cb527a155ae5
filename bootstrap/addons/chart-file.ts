import { createHash } from "node:crypto";
import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Chart } from "#bootstrap/addons/addon";
import type { Helm } from "#bootstrap/addons/helm/helm";
import type { ChartSource } from "#bootstrap/packages/packages";
import { ClouderError } from "#core/error";

export interface ChartPlace {
  readonly helm: Helm;
  /** Folder of the cluster: what was fetched once stays there. */
  readonly folder: string;
}

/** The file of a chart whose bytes are the pinned ones; fetched first where it is not there. */
export async function chartFile(
  chart: Chart,
  source: ChartSource,
  { helm, folder }: ChartPlace,
): Promise<string> {
  // A bundle says and has checked the digests of all its files itself.
  if (source.kind === "file") return source.file;
  const name = `${chart.name}-${chart.version}.tgz`;
  const kept = join(folder, "charts", name);
  if ((await digestOf(kept)) === chart.sha256) return kept;
  const fresh = join(folder, "charts", "fetched");
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  const { status, stderr } = await helm.run(["pull", ...source.arguments, "--destination", fresh]);
  if (status !== 0) throw pullFailed(chart, source.from, stderr);
  const digest = await digestOf(join(fresh, name));
  if (digest !== chart.sha256) {
    throw new ClouderError(
      "integrity",
      `${source.from} has another ${name} than the pinned one: ${digest ?? "none"}`,
      {
        hint: "look at who runs that host; a mirror must hold the archive of the chart's own home",
      },
    );
  }
  await rename(join(fresh, name), kept);
  return kept;
}

async function digestOf(file: string): Promise<string | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes && createHash("sha256").update(bytes).digest("hex");
}

function pullFailed({ name, version }: Chart, from: string, stderr: string): ClouderError {
  const said =
    stderr
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^Error: /, "") ?? "";
  const missing = /not found|404/i.test(said);
  return new ClouderError(
    missing ? "not-found" : "unreachable",
    `cannot fetch the chart ${name} ${version} from ${from}: ${said}`,
    { hint: "look at network and proxy (HTTPS_PROXY), or use a mirror or a bundle" },
  );
}
