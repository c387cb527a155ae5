import type * as Yaml from "yaml";
import type { Source } from "./source.ts";
import { ClouderError } from "#core/error";

/** Reads a YAML or JSON document; `config` names line and column of what is no YAML. */
export async function readSource(text: string, file: string): Promise<Source> {
  const yaml = await import("yaml");
  const counter = new yaml.LineCounter();
  const document = yaml.parseDocument(text, {
    ...{ lineCounter: counter, uniqueKeys: true, prettyErrors: false, strict: true },
  });
  const place = (offset: number) => {
    const { line, col } = counter.linePos(offset);
    return { line, column: col };
  };
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) {
    const { line, column } = place(problem.pos[0]);
    throw new ClouderError("config", `${file}:${line}:${column}: ${plain(problem)}`, {
      hint: cures[problem.code] ?? "look at the line: blanks, colons and quotes",
      details: { file, line, column },
    });
  }
  if (document.contents === null) {
    throw new ClouderError("config", `${file} is empty`, {
      hint: "begin with one: kubectl clouder cluster init NAME -f cluster.yaml",
    });
  }
  return {
    file,
    value: document.toJS() as unknown,
    locate: (path, at) => place(offsetOf(yaml, document, path, at)),
  };
}

const cures: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "take one of the two lines away",
  TAB_AS_INDENT: "indent with blanks",
  MULTIPLE_DOCS: "give one document, without ---",
};

function plain({ code, message }: { readonly code: string; readonly message: string }): string {
  if (code === "DUPLICATE_KEY") return "the same field stands here a second time";
  if (code === "MULTIPLE_DOCS") return "a second document begins";
  return message.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}

/** Follows a path such as `spec.pools[0].labels.example.org/team` as far as the document goes. */
function offsetOf(
  { isMap, isSeq, isScalar, isAlias }: typeof Yaml,
  document: Yaml.Document,
  path: string,
  at: "key" | "value",
): number {
  let node: unknown = document.contents;
  let rest = path;
  let offset = startOf(node);
  while (rest !== "") {
    if (isAlias(node)) node = node.resolve(document);
    const index = /^\[(\d+)\]\.?/.exec(rest);
    if (index && isSeq(node)) {
      node = node.items[Number(index[1])];
      rest = rest.slice(index[0].length);
      offset = startOf(node) || offset;
      continue;
    }
    if (!isMap(node)) break;
    const pair = node.items
      .filter(({ key }) => isScalar(key) && leads(rest, String(key.value)))
      .sort((a, b) => String(b.key).length - String(a.key).length)[0];
    if (!pair || !isScalar(pair.key)) break;
    rest = rest.slice(String(pair.key.value).length).replace(/^\./, "");
    node = pair.value;
    offset = (rest === "" && at === "key") || !startOf(node) ? startOf(pair.key) : startOf(node);
  }
  return offset;
}

function leads(path: string, key: string): boolean {
  return path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`);
}

function startOf(node: unknown): number {
  return (node as Yaml.Node | null | undefined)?.range?.[0] ?? 0;
}
