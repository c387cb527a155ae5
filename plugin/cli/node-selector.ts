import { ClouderError } from "#core/error";
import { string } from "#plugin/cli/flags";

/** Labels by which a node is wanted. */
export const nodeSelectorFlag = string({
  description: "label that the node must have, KEY=VALUE; several with commas or the flag again",
  multiple: true,
  delimiter: ",",
});

/** The flag as a Restore has it; undefined when it was not given. */
export function nodeSelectorOf(
  given: readonly string[] | undefined,
): Readonly<Record<string, string>> | undefined {
  if (!given) return undefined;
  return Object.fromEntries(
    given.map((one) => {
      const at = one.indexOf("=");
      if (at > 0) return [one.slice(0, at), one.slice(at + 1)];
      throw new ClouderError("usage", `--node-selector "${one}" is not KEY=VALUE`, {
        hint: "use for example --node-selector topology.kubernetes.io/zone=a",
      });
    }),
  );
}
