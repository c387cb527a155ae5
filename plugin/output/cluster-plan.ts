import type { Difference } from "#bootstrap/differences/difference";
import type { ClusterPlan } from "#bootstrap/plan-cluster";
import type { StepPreview } from "#bootstrap/plans/preview";
import type { Cost } from "#bootstrap/providers/provider";
import { printable } from "#core/redact";
import type { Result } from "#plugin/output/result";

/** `cluster plan`: the fields that differ, what would run, what it costs. */
export function planResult(plan: ClusterPlan): Result {
  const { name, differences, steps, cost } = plan;
  const prices = cost ? [costLine(cost)] : [];
  const exitCode = differences.length === 0 ? 0 : 1;
  const names = [...new Set(differences.map(({ object }) => object))];
  if (exitCode === 0) {
    const text = [`cluster ${name}: nothing to do`, ...prices].join("\n");
    return { object: plan, names, text, exitCode };
  }
  const parts = [
    differences.map(differenceLines).join("\n"),
    ...(steps.length > 0 ? [["steps:", ...steps.map(stepLines)].join("\n")] : []),
    ...prices,
    summary(differences),
  ];
  return { object: plan, names, text: parts.join("\n\n"), exitCode };
}

const marks = { create: "+", update: "~", refused: "!" } as const;

function differenceLines({ object, change, fields, cure }: Difference): string {
  const lines = fields.map(({ field, before, after }) => {
    const values = [before ?? "(none)", after ?? "(none)"].map(printable);
    return change === "create"
      ? `    ${printable(field)}: ${values[1] ?? ""}`
      : `    ${printable(field)}: ${values.join(" -> ")}`;
  });
  const refused = cure === undefined ? [] : [`    cannot be changed in place: ${cure}`];
  return [`${marks[change]} ${object}`, ...lines, ...refused].join("\n");
}

function stepLines({ step, title, scope, hosts, lines }: StepPreview): string {
  const where = hosts?.join(", ") ?? scope;
  return [`  ${step} (${where}): ${title}`, ...lines.map((line) => `      ${line}`)].join("\n");
}

function costLine({ asOf, ownAsOf, currency, perHour, perMonth, parts, unknown }: Cost): string {
  if (perHour === 0 && unknown.length > 0) {
    return `cost of the whole cluster: no price is known; your own: --prices FILE with ${unknown.join(", ")}`;
  }
  const days = [
    ...(parts.every(({ own }) => own) ? [] : [`list prices of ${asOf}`]),
    ...(ownAsOf === undefined ? [] : [`your own of ${ownAsOf}`]),
  ];
  const rest = unknown.length === 0 ? "" : `; without ${unknown.join(", ")}: no price is known`;
  const sum = `about ${perHour.toFixed(3)} ${currency} an hour, ${perMonth} ${currency} a month`;
  return `cost of the whole cluster: ${sum} (an estimate by ${days.join(" and ")}, no guarantee${rest})`;
}

function summary(differences: readonly Difference[]): string {
  const count = (change: Difference["change"]) =>
    differences.filter((one) => one.change === change).length;
  return `${count("create")} to create, ${count("update")} to update, ${count("refused")} refused`;
}
