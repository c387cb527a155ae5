import { readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ClouderError } from "#core/error";
import { agentNodeOption } from "#checkpoint/agent/memory";
import { sharedLibraries, type Library } from "#checkpoint/install/image/shared-libraries";

/** One entry of the image's only layer. */
export type ImageEntry =
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly from: string }
  | { readonly kind: "text"; readonly path: string; readonly mode: number; readonly text: string }
  | { readonly kind: "folder"; readonly path: string; readonly mode: number };

export interface ImageSource {
  /** The built package: holds dist/ and the handler's shim. */
  readonly root: string;
  /** The Node.js executable that goes in, of this machine's architecture. */
  readonly node: string;
  /** A library that the agent is started with, beside those that Node.js itself needs. */
  readonly allocator?: Library | undefined;
}

/** The programs of the image and the bundle each of them starts. */
export const imagePrograms = {
  "clouder-agent": "dist/checkpoint/agent/main.js",
  "clouder-controller": "dist/checkpoint/controller/main.js",
  "clouder-webhook": "dist/webhook/server/main.js",
  "clouder-injection-controller": "dist/webhook/controller/main.js",
} as const;

/**
 * One option is all that a first line can hold: one that is not allowed in NODE_OPTIONS. The webhook
 * does without compilers on other threads, whose memory is never given back.
 */
const programOption: Readonly<Partial<Record<string, string>>> = {
  "clouder-agent": agentNodeOption,
  "clouder-webhook": "--no-concurrent-recompilation",
};

function shebang(program: string): string {
  return `#!/usr/local/bin/node ${programOption[program] ?? "--max-semi-space-size=1"}`;
}

/** Copied beside the bundles: what the agent installs on its node. */
const extraFiles = ["dist/restore-helper.mjs", "checkpoint/handler/clouder-runc"];

interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly imports: readonly { readonly path: string; external?: boolean }[] }>
  >;
}

/** Everything in the image, sorted by path; /app mirrors the package. */
export async function imageContents({
  root,
  node,
  allocator,
}: ImageSource): Promise<readonly ImageEntry[]> {
  const bundles = closure(await readMetafile(root), Object.values(imagePrograms));
  const packageFile = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
  };
  const { name, version } = packageFile;
  const files: ImageEntry[] = [
    { kind: "file", path: "usr/local/bin/node", mode: 0o755, from: await realpath(node) },
    ...[...(await sharedLibraries(node)), ...(allocator ? [allocator] : [])].map(
      (library): ImageEntry => {
        return { kind: "file", path: library.path.slice(1), mode: 0o755, from: library.from };
      },
    ),
    ...[...bundles, ...extraFiles].map((path): ImageEntry => {
      const mode = basename(path) === "clouder-runc" ? 0o755 : 0o644;
      return { kind: "file", path: `app/${path}`, mode, from: join(root, path) };
    }),
    text("app/package.json", JSON.stringify({ name, version, type: "module" })),
    ...Object.entries(imagePrograms).map(([program, bundle]) =>
      // CommonJS, as files without an ending are: no shell is in the image.
      text(`usr/local/bin/${program}`, `${shebang(program)}\nimport("/app/${bundle}");\n`, 0o755),
    ),
    text("etc/passwd", "root:x:0:0:root:/:/sbin/nologin\nclouder:x:65532:65532::/:/sbin/nologin\n"),
    text("etc/group", "root:x:0:\nclouder:x:65532:\n"),
    text("etc/nsswitch.conf", "hosts: files dns\n"),
    { kind: "folder", path: "tmp", mode: 0o1777 },
  ];
  for (const entry of files) if (entry.kind === "file") await mustExist(entry.from);
  return withFolders(files).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function text(path: string, content: string, mode = 0o644): ImageEntry {
  return { kind: "text", path, mode, text: content };
}

async function readMetafile(root: string): Promise<Metafile> {
  try {
    return JSON.parse(await readFile(join(root, "dist/metafile.json"), "utf8")) as Metafile;
  } catch (error) {
    throw new ClouderError("not-found", `there is no build in ${join(root, "dist")}`, {
      hint: "npm run build",
      cause: error,
    });
  }
}

/** The entries and every chunk they load, at once or later. */
function closure(metafile: Metafile, entries: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { path: next, external } of metafile.outputs[path]?.imports ?? []) {
      if (!external) visit(next);
    }
  };
  entries.forEach(visit);
  return [...seen];
}

async function mustExist(file: string): Promise<void> {
  try {
    await stat(file);
  } catch (error) {
    throw new ClouderError("not-found", `${file} is missing`, {
      hint: "npm run build",
      cause: error,
    });
  }
}

function withFolders(entries: readonly ImageEntry[]): ImageEntry[] {
  const known = new Set(entries.filter(({ kind }) => kind === "folder").map(({ path }) => path));
  const folders: ImageEntry[] = [];
  for (const { path } of entries) {
    for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) {
      if (known.has(parent)) continue;
      known.add(parent);
      folders.push({ kind: "folder", path: parent, mode: 0o755 });
    }
  }
  return [...folders, ...entries];
}
