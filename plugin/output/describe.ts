/** Lines of `name: value`, values in one column; absent values are left out. */
export function describe(lines: readonly (readonly [string, string | undefined])[]): string {
  const shown = lines.filter((line): line is readonly [string, string] => (line[1] ?? "") !== "");
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${`${name}:`.padEnd(width + 2)}${value}`).join("\n");
}
