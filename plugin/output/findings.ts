import type { Finding } from "#checkpoint/doctor/check";
import { type Result, table } from "#plugin/output/result";

/** Each finding with its cure; a `fail` makes the command end with 1. */
export function findingsResult(findings: readonly Finding[]): Result {
  const count = (level: Finding["level"]) => findings.filter((one) => one.level === level).length;
  const summary = { ok: count("ok"), warn: count("warn"), fail: count("fail") };
  return {
    object: { summary, findings },
    table: table(findings, [
      { title: "level", value: ({ level }) => level },
      { title: "subject", value: ({ subject }) => subject },
      { title: "check", value: ({ check }) => check },
      {
        title: "finding",
        value: ({ message, cure }) => (cure === undefined ? message : `${message} → ${cure}`),
      },
    ]),
    exitCode: summary.fail > 0 ? 1 : 0,
  };
}
