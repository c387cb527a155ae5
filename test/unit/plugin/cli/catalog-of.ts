import type { Catalog, CatalogCommand } from "#plugin/cli/catalog";

const flags = {
  namespace: { char: "n", summary: "namespace", takesValue: true },
  output: { char: "o", summary: "form", takesValue: true, options: ["json", "yaml"] },
  kubeconfig: { summary: "file", takesValue: true },
  stop: { summary: "stop", takesValue: false },
  container: { char: "c", summary: "container", takesValue: true },
} as const;

const one = (...args: readonly string[]): CatalogCommand => ({
  summary: "does it",
  hidden: false,
  args: args.map((name) => ({ name, multiple: name === "id" })),
  flags,
});

/** A small catalog of the shape the build writes. */
export const catalog: Catalog = {
  version: "kubectl-clouder 1.2.3",
  help: {
    "": "root\n",
    checkpoint: "all about checkpoints\n",
    "checkpoint:pod": "help of checkpoint pod\n",
    "checkpoint:list": "help of checkpoint list\n",
    "checkpoint:delete": "help of checkpoint delete\n",
    store: "stores\n",
    "store:check": "help of store check\n",
    version: "help of version\n",
  },
  commands: {
    "checkpoint:pod": one("pod"),
    "checkpoint:list": one(),
    "checkpoint:delete": one("id"),
    "store:check": one("name"),
    version: one(),
  },
};
