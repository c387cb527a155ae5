import { ClouderError } from "#core/error";
import { milliseconds } from "#plugin/cli/durations";

/** A look at one value; `name` is how the user knows it: `--timeout`, `POD`. */
export type Check = (value: string, name: string) => void;

/** By a registered name, since a command may be bundled with another copy of this module. */
const key = Symbol.for("clouder.check");

/**
 * The flag or argument with a check that runs right after parsing, so that a wrong word on the
 * command line is told before anything is looked for.
 */
export function checked<Input extends object>(input: Input, check: Check): Input {
  return { ...input, [key]: check };
}

/** Runs the check of a flag or argument on what was given for it. */
export function checkValue(input: object, name: string, value: unknown): void {
  const check = (input as { readonly [key]?: Check })[key];
  if (check === undefined) return;
  for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
    if (typeof one === "string") check(one, name);
  }
}

export const isDuration: Check = (value, name) => {
  milliseconds(name.replace(/^--/, ""), value);
};

/** Names of pods, nodes, stores, checkpoints. */
export const isObjectName: Check = (value, name) => {
  if (value.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(value)) return;
  throw wrong(value, name, "is no name of a Kubernetes object", "small letters, digits, - and .");
};

/** Names of namespaces and containers. */
export const isLabel: Check = (value, name) => {
  if (value.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(value)) return;
  throw wrong(value, name, "is no such name", "at most 63 small letters, digits and -");
};

export const isHttpUrl: Check = (value, name) => {
  if (/^https?:$/.test(URL.parse(value)?.protocol ?? "")) return;
  const form = "http://host:port or https://host";
  throw wrong(value, name, "is no http or https URL", `a form like ${form}`);
};

function wrong(value: string, name: string, why: string, use: string): ClouderError {
  return new ClouderError("usage", `${name} "${value}" ${why}`, { hint: `use ${use}` });
}
