import { ClouderError } from "#core/error";
import { imageContents, type ImageSource } from "#checkpoint/install/image/contents";
import { imageName } from "#checkpoint/install/settings";
import { writeImage } from "#checkpoint/install/image/write-image";

/** Builds the image of all programs in the cluster from the built package, without a container engine. */
export async function buildImage(
  options: ImageSource & {
    readonly version: string;
    readonly architecture: string;
    readonly file: string;
  },
): Promise<{ readonly name: string; readonly bytes: number; readonly layerDigest: string }> {
  const architecture = { x64: "amd64", arm64: "arm64" }[options.architecture];
  if (architecture !== "amd64" && architecture !== "arm64") {
    throw new ClouderError("unsupported", `no image for architecture "${options.architecture}"`, {
      hint: "build on an x64 or arm64 machine",
    });
  }
  const name = imageName(options.version);
  const entries = await imageContents(options);
  return { name, ...(await writeImage(entries, options.file, { name, architecture })) };
}
