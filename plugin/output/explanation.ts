import { lineDiff } from "#plugin/output/diff";
import { type Result, table } from "#plugin/output/result";
import { renderTable } from "#plugin/output/table";
import type { Explanation } from "#webhook/explain";

/** What would become of the pod, and why; a refusal makes the command end with 1. */
export async function explanationResult(explanation: Explanation): Promise<Result> {
  const { allowed, policies, items, claims, warnings, patch } = explanation;
  const parts = [
    verdict(explanation),
    section(
      "Policies, highest precedence first",
      policies,
      table(policies, [
        { title: "policy", value: ({ policy }) => policy },
        { title: "matches", value: ({ matched }) => (matched ? "yes" : "no") },
        { title: "reason", value: ({ reason }) => reason },
      ]),
    ),
    section(
      "Items",
      items,
      table(items, [
        { title: "result", value: ({ result }) => result },
        { title: "where", value: ({ where }) => where },
        { title: "policy", value: ({ policy }) => policy },
        { title: "item", value: ({ item }) => item },
        { title: "reason", value: ({ reason }) => reason },
      ]),
    ),
    section(
      "Claims that the controller makes",
      claims,
      table(claims, [
        { title: "claim", value: ({ name }) => name },
        { title: "size", value: ({ size }) => size },
        { title: "class", value: ({ storageClassName }) => storageClassName },
        { title: "modes", value: ({ accessModes }) => accessModes.join(",") },
        { title: "policy", value: ({ policy }) => policy },
      ]),
    ),
    warnings.length > 0 ? ["Warnings:", ...warnings.map((one) => `  ${one}`)].join("\n") : "",
    patch.length > 0 ? `Changes:\n${await changes(explanation)}` : "",
  ];
  return {
    object: explanation,
    text: parts.filter((part) => part !== "").join("\n\n"),
    other: { patch },
    exitCode: allowed ? 0 : 1,
  };
}

function verdict({ allowed, refusal, exempt, user, patch, policies }: Explanation): string {
  if (!allowed) return `The pod would be refused: ${refusal ?? "no reason given"}`;
  if (exempt !== undefined) return `Nothing is injected: ${exempt}`;
  if (policies.length === 0) return "Nothing would be changed: no policy is in sight";
  const whose = user === undefined ? "" : ` for user ${user}`;
  if (patch.length === 0) return `Nothing would be changed${whose}`;
  return `The pod would be injected${whose}, by ${String(patch.length)} changes`;
}

function section(title: string, rows: readonly unknown[], content: ReturnType<typeof table>) {
  return rows.length === 0 ? "" : `${title}:\n${renderTable(content, false)}`;
}

async function changes({ before, after }: Explanation): Promise<string> {
  const { stringify } = await import("yaml");
  const text = (value: unknown) => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
  return lineDiff(text(before), text(after));
}
