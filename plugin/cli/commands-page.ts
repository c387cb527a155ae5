import type { Catalog } from "#plugin/cli/catalog";

/** docs/commands.md: each command's help as it is shown. */
export function commandsPage(catalog: Catalog): string {
  const ids = Object.keys(catalog.commands)
    .filter((id) => catalog.commands[id]?.hidden !== true)
    .sort();
  const title = (id: string) => `kubectl clouder ${id.replaceAll(":", " ")}`;
  const anchor = (id: string) => title(id).replaceAll(" ", "-");
  const list = ids.map(
    (id) => `- [${title(id)}](#${anchor(id)}): ${catalog.commands[id]?.summary ?? ""}`,
  );
  const sections = ids.map(
    (id) => `## ${title(id)}\n\n\`\`\`text\n${catalog.help[id] ?? ""}\`\`\`\n`,
  );
  return [
    "# Commands",
    "",
    "Written by `npm run docs` from the commands themselves; checked by a test.",
    "",
    "Every flag can be set by a variable, too (`--request-timeout` by `CLOUDER_REQUEST_TIMEOUT`), or by a",
    "`flag: value` line in `~/.config/clouder/profile.yaml` (`CLOUDER_PROFILE` names another file). Flags",
    "win over variables, variables over the profile, the profile over defaults.",
    "",
    ...list,
    "",
    sections.join("\n"),
  ].join("\n");
}
