import type { BundleFile } from "#bootstrap/bundle/bundle";
import type { OpenBundle } from "#bootstrap/bundle/load";
import { output } from "#bootstrap/nodes/remote-file";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import type { Node, PlanContext, StepOutcome } from "#bootstrap/steps/step";

type Image = Extract<BundleFile, { kind: "image" }>;

/** Images of the bundle, streamed into containerd; those that are there stay. */
export async function bringBundledImages(
  open: OpenBundle,
  context: PlanContext,
  { access, machine }: Node,
): Promise<StepOutcome> {
  const wanted = imagesOf(open).filter(({ on }) => on === "all" || on === machine.role);
  const stamp = await readStamp(access, "images");
  const present = new Set(
    (await output(access, ["ctr", "-n", "k8s.io", "images", "ls", "-q"])).split("\n"),
  );
  const missing = wanted.filter(
    (image) => stamp[image.path] !== image.sha256 || !image.names.every((one) => present.has(one)),
  );
  if (missing.length === 0) return { skipped: `all ${wanted.length} are there` };
  let done = 0;
  for (const image of missing) {
    // The bundle's own ctr; containerd's transfer service takes a stream in small pieces, which takes twice as long.
    await access.run(["ctr", "-n", "k8s.io", "images", "import", "--local", "-"], {
      stdinFile: await open.verified(image),
      signal: context.signal,
    });
    done += 1;
    context.report({
      ...{ type: "step-progress", step: "import-images", host: machine.name },
      ...{ done, total: missing.length, unit: "items" },
    });
  }
  const digests = Object.fromEntries(wanted.map(({ path, sha256 }) => [path, sha256]));
  await writeStamp(access, "images", { ...stamp, ...digests });
  return {};
}

/** The images of a bundle. */
export function imagesOf({ bundle }: OpenBundle): readonly Image[] {
  return bundle.files.filter((file) => file.kind === "image");
}
