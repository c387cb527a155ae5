import { writeFileSync } from "node:fs";
import { readCatalog } from "#plugin/cli/catalog";
import { commandsPage } from "#plugin/cli/commands-page";

/** `npm run docs`: writes docs/commands.md out of the built catalog. */
const root = new URL("../../", import.meta.url);
writeFileSync(new URL("docs/commands.md", root), commandsPage(readCatalog(new URL("dist/", root))));
