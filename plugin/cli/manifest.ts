import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Config, Plugin } from "@oclif/core/config";
import { Help } from "@oclif/core/help";
import type { Command, Interfaces } from "@oclif/core";
import { catalogFile, type Catalog, type CatalogCommand } from "#plugin/cli/catalog";

/** Build step: writes oclif's manifest and the catalog with the help texts oclif renders. */

const root = fileURLToPath(new URL("../../", import.meta.url));
// Texts are rendered once and shown everywhere: no colours, and a width that fits any terminal.
process.env["FORCE_COLOR"] = "0";
process.env["NO_COLOR"] = "1";

const plugin = new Plugin({
  root,
  type: "core",
  ignoreManifest: true,
  errorOnManifestCreate: true,
  respectNoCacheDefault: true,
  isRoot: true,
});
await plugin.load();
writeFileSync(`${root}oclif.manifest.json`, JSON.stringify(plugin.manifest, null, 2));

class CapturedHelp extends Help {
  readonly lines: string[] = [];
  protected override log(...lines: string[]): void {
    this.lines.push(...lines);
  }
}

async function helpOf(show: (help: CapturedHelp, config: Config) => Promise<void>) {
  // A fresh one each time: rendering a list renames the commands in it.
  const config = await Config.load({ root });
  const help = new CapturedHelp(config, { maxWidth: 100, stripAnsi: true });
  await show(help, config);
  // The platform would be the build machine's.
  const text = help.lines.join("\n").replace(/\nVERSION\n.*\n/, "");
  return `${text.trimEnd()}\n`;
}

const config = await Config.load({ root });
const help: Record<string, string> = { "": await helpOf((one) => one.showHelp([])) };
for (const { name } of config.topics)
  help[name] = await helpOf((one) => one.showHelp(name.split(":")));
for (const { id } of config.commands) {
  help[id] = await helpOf((one, fresh) =>
    one.showCommandHelp(fresh.findCommand(id, { must: true })),
  );
}

const catalog: Catalog = {
  version: `kubectl-clouder ${config.version}`,
  help,
  commands: Object.fromEntries(config.commands.map((one) => [one.id, entry(one)])),
};
writeFileSync(`${root}dist/${catalogFile}`, JSON.stringify(catalog));

function entry(one: Command.Loadable): CatalogCommand {
  const flags = Object.entries(one.flags as Record<string, Interfaces.Flag<unknown>>);
  return {
    summary: one.summary ?? "",
    hidden: one.hidden,
    args: Object.entries(one.args).map(([name, arg]) => ({
      name,
      multiple: arg.multiple === true,
    })),
    flags: Object.fromEntries(
      flags.map(([name, flag]) => [
        name,
        {
          ...(flag.char === undefined ? {} : { char: flag.char }),
          summary: flag.summary ?? flag.description ?? "",
          takesValue: flag.type !== "boolean",
          ...(flag.type !== "boolean" && flag.options ? { options: flag.options } : {}),
        },
      ]),
    ),
  };
}
