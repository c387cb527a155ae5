import { ClouderError } from "#core/error";

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `30s`, `1m30s`, `2h` or a plain number of seconds; 0 stands for "without end". */
export function milliseconds(flag: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(ms|s|m|h))+$/.test(text)) {
    throw new ClouderError("usage", `--${flag} "${text}" is not a duration`, {
      hint: "write it like 30s, 1m30s or 2h",
    });
  }
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|s|m|h)/g)) {
    total += Number(count) * (units[unit ?? ""] ?? 0);
  }
  return total;
}
