import { images, type Architecture } from "./image-table.ts";
import type { RecordBook } from "./record.ts";
import { call, isGone } from "./session.ts";
import type { Workplace } from "./site.ts";
import { ClouderError } from "#core/error";

/** An image of one version, as creates name it. */
export interface MachineImage {
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
  readonly version: string;
}

/** The version that was taken before for this architecture, else the newest; recorded and used again. */
export async function ensureImage(
  place: Workplace,
  book: RecordBook,
  architecture: Architecture,
): Promise<MachineImage> {
  const recorded = book.current().images[architecture];
  const version = recorded ?? (await newestVersion(place, architecture));
  if (recorded === undefined) {
    await book.change((record) => ({ images: { ...record.images, [architecture]: version } }));
  }
  const { publisher, offer, skus } = sourceOf(place);
  return { publisher, offer, sku: skus[architecture], version };
}

/** The newest version that the region has; `not-found` when it has none. */
export async function newestVersion(place: Workplace, architecture: Architecture): Promise<string> {
  const { session, clients, region } = place;
  const { title, publisher, offer, skus } = sourceOf(place);
  const missing = (cause?: unknown) =>
    new ClouderError("not-found", `${region} has no image of ${title} for ${architecture}`, {
      hint: `choose another with --image: ${Object.keys(images).join(", ")}`,
      cause,
    });
  try {
    const found = await call(session, `look for images of ${title}`, async (options) => {
      const { virtualMachineImages } = await clients.compute();
      const sku = skus[architecture];
      return await virtualMachineImages.list(region, publisher, offer, sku, options);
    });
    const newest = found
      .map(({ name }) => name)
      .toSorted(byNumbers)
      .at(-1);
    if (newest === undefined) throw missing();
    return newest;
  } catch (error) {
    throw isGone(error) ? missing(error) : error;
  }
}

function sourceOf({ settings }: Workplace) {
  const source = images[settings.image];
  if (!source) throw new ClouderError("internal", `no image is called ${settings.image}`);
  return source;
}

/** "22.04.202605100" is older than "22.04.202606090". */
function byNumbers(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
}
