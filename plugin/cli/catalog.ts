import { readFileSync } from "node:fs";
import { ClouderError } from "#core/error";

/** Written by the build next to the bundles, so that help and completion load no command. */
export interface Catalog {
  readonly version: string;
  /** Command ids (`checkpoint:pod`), topics (`checkpoint`) and "" (the root) to their help. */
  readonly help: Readonly<Record<string, string>>;
  readonly commands: Readonly<Record<string, CatalogCommand>>;
}

export interface CatalogCommand {
  readonly summary: string;
  readonly hidden: boolean;
  /** Names of the arguments in order; `multiple` takes all that follow. */
  readonly args: readonly { readonly name: string; readonly multiple: boolean }[];
  readonly flags: Readonly<Record<string, CatalogFlag>>;
}

export interface CatalogFlag {
  readonly char?: string;
  readonly summary: string;
  readonly takesValue: boolean;
  readonly options?: readonly string[];
}

export const catalogFile = "commands.json";

/** Reads the catalog that lies in the build's folder. */
export function readCatalog(root: URL): Catalog {
  try {
    return JSON.parse(readFileSync(new URL(catalogFile, root), "utf8")) as Catalog;
  } catch (error) {
    throw new ClouderError("internal", "this installation is incomplete", {
      cause: error,
      hint: "install kubectl-clouder again, or run npm run build in a work tree",
    });
  }
}
