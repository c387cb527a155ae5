import type { Addon } from "#bootstrap/addons/addon";
import { ClouderError } from "#core/error";

/** What helm said last, which is the cause; its warnings stand above it. */
export function helmFailed({ name, chart }: Addon, stderr: string): ClouderError {
  const lines = stderr.trim().split("\n");
  const from = lines.findIndex((line) => line.startsWith("Error: "));
  const said = lines
    .slice(Math.max(0, from))
    .join(" ")
    .replace(/^Error: /, "");
  const foreign = /invalid ownership metadata|cannot re-use a name/.test(said);
  return new ClouderError(foreign ? "conflict" : "refused", `${name} was not applied: ${said}`, {
    hint: foreign
      ? "something of that name was made by others: remove it first, or leave it and do not enable this"
      : `look at it by hand: helm show values ${chart.name} --repo ${chart.repository} --version ${chart.version}`,
  });
}
