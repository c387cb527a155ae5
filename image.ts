import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { agentAllocator } from "#checkpoint/agent/memory";
import { buildImage } from "#checkpoint/install/image";
import { imageContents } from "#checkpoint/install/image/contents";
import { libraryNamed } from "#checkpoint/install/image/shared-libraries";
import { writeRoot } from "#checkpoint/install/image/write-image";

/** `npm run image`: dist/image.tar out of the built package; `--root DIR` writes its files instead. */

const root = import.meta.dirname;
const { values } = parseArgs({
  options: { root: { type: "string" }, output: { type: "string", default: "dist/image.tar" } },
});
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly version: string;
};
const node = process.execPath;
const allocator = await libraryNamed(
  agentAllocator,
  "install it (Debian, Ubuntu: apt-get install libjemalloc2), then build the image again",
);
if (values.root === undefined) {
  const file = join(root, values.output);
  const { arch: architecture } = process;
  const image = await buildImage({ root, node, allocator, version, architecture, file });
  process.stdout.write(`${image.name} ${file} ${String(image.bytes)}\n`);
} else {
  await writeRoot(await imageContents({ root, node, allocator }), values.root);
}
