import { writeFile } from "node:fs/promises";
import { providers } from "#bootstrap/providers/registry";
import { exampleDocument } from "#bootstrap/spec/example";
import { ClouderError } from "#core/error";
import { loadDriver } from "#core/registry";

export interface InitDocumentRequest {
  readonly name: string;
  readonly provider: string;
  /** Where it is written; "-": nowhere. */
  readonly file: string;
  /** Replace a file that is there. */
  readonly force: boolean;
  /** Where an editor finds the JSON Schema. */
  readonly schema: string;
}

/** Writes a commented Cluster document and gives it; `exists` leaves a file as it is. */
export async function initDocument(request: InitDocumentRequest): Promise<string> {
  const { name, provider, file, force, schema } = request;
  const { settingFields } = await loadDriver(providers, "provider", provider);
  const text = exampleDocument({
    ...{ name, provider, schema, settings: settingFields.schema },
    providers: Object.keys(providers),
  });
  if (file === "-") return text;
  await writeFile(file, text, { flag: force ? "w" : "wx" }).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      throw new ClouderError("exists", `${file} is there already`, {
        hint: "give another name with -f, or replace it with --force",
      });
    }
    throw new ClouderError("usage", `cannot write ${file}: ${code ?? String(error)}`, {
      hint: "give a file in a folder that is there, or - for standard output",
      cause: error,
    });
  });
  return text;
}
