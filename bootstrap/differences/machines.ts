import { fieldDifferences, type Difference } from "./difference.ts";
import type { Machine, WantedMachine } from "#bootstrap/providers/provider";

/** Machines that are wanted and do not run, and those that run as something else. */
export function machineDifferences(
  wanted: readonly WantedMachine[],
  live: readonly Machine[],
): readonly Difference[] {
  return wanted.flatMap(({ name, role, pool }) => {
    const machine = live.find((one) => one.name === name);
    const fields = fieldDifferences(machine ? { role: machine.role, pool: machine.pool } : {}, {
      role,
      pool,
    });
    if (fields.length === 0) return [];
    return [{ object: `machine/${name}`, change: machine ? "update" : "create", fields }];
  });
}
