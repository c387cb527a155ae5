import type { Finding } from "#checkpoint/doctor/check";
import type { Applied } from "#kube/install/apply-objects";
import { type Result, table } from "#plugin/output/result";

/** Each finding with its cure, after what was mended; a `fail` makes the command end with 1. */
export function findingsResult(findings: readonly Finding[], fixed: readonly Applied[]): Result {
  const count = (level: Finding["level"]) => findings.filter((one) => one.level === level).length;
  const summary = { ok: count("ok"), warn: count("warn"), fail: count("fail") };
  return {
    object: { summary, findings, fixed },
    table: table(
      [...fixed.map(asFinding), ...findings],
      [
        { title: "level", value: ({ level }): string => level },
        { title: "subject", value: ({ subject }) => subject },
        { title: "check", value: ({ check }) => check },
        {
          title: "finding",
          value: ({ message, cure }) => (cure === undefined ? message : `${message} → ${cure}`),
        },
      ],
    ),
    exitCode: summary.fail > 0 ? 1 : 0,
  };
}

function asFinding({ object, outcome }: Applied) {
  const row = { level: "fixed", subject: "cluster", check: "fix", message: `${object} ${outcome}` };
  return { ...row, cure: undefined };
}
