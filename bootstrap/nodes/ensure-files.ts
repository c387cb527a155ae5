import { createHash } from "node:crypto";
import type { NodeAccess } from "#bootstrap/nodes/node-access";

export interface WantedFile {
  readonly path: string;
  readonly content: string;
  readonly mode?: number;
}

/** Writes the files whose content differs, seen by one command; gives the paths that changed. */
export async function ensureFiles(
  access: NodeAccess,
  files: readonly WantedFile[],
): Promise<readonly string[]> {
  const { stdout } = await access.run(
    ["sh", "-c", 'sha256sum -- "$@" 2>/dev/null || true', "sh", ...files.map(({ path }) => path)],
    {},
  );
  const present = new Set(stdout.split("\n").map((line) => line.trim()));
  const changed = files.filter(({ path, content }) => {
    const digest = createHash("sha256").update(content).digest("hex");
    return !present.has(`${digest}  ${path}`);
  });
  await Promise.all(
    changed.map(({ path, content, mode }) => access.writeFile(path, content, mode)),
  );
  return changed.map(({ path }) => path);
}

/** Replaces our block in a file that belongs to others too; true when that changed anything. */
export async function ensureBlock(
  access: NodeAccess,
  path: string,
  lines: readonly string[],
): Promise<boolean> {
  const before = Buffer.from(await access.readFile(path)).toString();
  const after = withBlock(before, lines);
  if (after === before) return false;
  await access.writeFile(path, after, 0o644);
  return true;
}

const begin = "# clouder: begin";
const end = "# clouder: end";

/** The text with our block at its end; no lines remove it. */
export function withBlock(text: string, lines: readonly string[]): string {
  const kept: string[] = [];
  let inside = false;
  for (const line of text.split("\n")) {
    if (line === begin) inside = true;
    if (!inside) kept.push(line);
    if (line === end) inside = false;
  }
  const rest = kept.join("\n").replace(/\n*$/, "\n");
  return lines.length === 0 ? rest : `${rest}${[begin, ...lines, end].join("\n")}\n`;
}
