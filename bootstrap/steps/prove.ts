import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { output } from "#bootstrap/nodes/remote-file";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import { poolOf } from "#bootstrap/spec/machines";
import { hostOf } from "#bootstrap/steps/facts";
import { proofScript, versionsScript, type Proof } from "#bootstrap/steps/proof";
import type { Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/** A real dump and restore on every node of a checkpoint pool; nothing less tells the truth. */
export const prove: Step = {
  id: "prove",
  title: "prove dump and restore",
  scope: "node",
  needs: ["nodes", "hosts"],
  gives: [],
  after: ["criu"],
  preview: () => [
    "runc run, runc checkpoint, runc restore of a throw-away container that counts in memory",
  ],
  run: async (context, facts, { access, machine }) => {
    if (poolOf(context.spec, machine.pool)?.checkpoint === false) {
      return { skipped: "its pool has checkpoint: false" };
    }
    const { kernel } = hostOf(facts, machine);
    const { criu, runc } = await checkpointVersions(access);
    const stamp = await readStamp(access, "proof");
    if (
      stamp["result"] === "proven" &&
      stamp["kernel"] === kernel &&
      stamp["criu"] === criu &&
      stamp["runc"] === runc
    ) {
      return { skipped: "proven already" };
    }
    const proof = await proven(access, machine.name, context.signal);
    await writeStamp(access, "proof", { ...proof, result: "proven" });
    return {};
  },
};

const mostAttempts = 3;

/** Dumps and restores; again where only the machine's load was in the way. */
async function proven(
  access: NodeAccess,
  host: string,
  signal: AbortSignal | undefined,
): Promise<Record<string, string>> {
  for (let attempt = 1; ; attempt += 1) {
    const { status, stdout, stderr } = await access.run(["sh", "-c", proofScript], {
      allowFailure: true,
      timeoutMs: 120_000,
      signal,
    });
    const lines = stdout.trim().split("\n");
    if (status === 0 && lines.at(-1) === "proven") {
      return Object.fromEntries(
        lines.slice(0, -1).map((line) => line.split("=") as [string, string]),
      );
    }
    const words = [...lines, ...stderr.trim().split("\n")].filter((line) => line !== "");
    // CRIU waits ten seconds for the processes to stop, and one that waits for a busy disk does not.
    const isBusy = words.some((line) => line.includes("Timeout reached"));
    if (isBusy && attempt < mostAttempts) continue;
    const cure = isBusy
      ? "the machine is too busy to stop a process; run the same command again when it is less so"
      : "CRIU 4.2 is needed on kernels from 6.16 on; set checkpoint: false for that pool to go on without";
    throw new ClouderError(
      "criu",
      `${host} cannot dump and restore a container: ${words.slice(0, 3).join(" | ")}`,
      { hint: cure, details: { host, output: words.slice(0, 12) } },
    );
  }
}

/** As the proof itself prints them. */
async function checkpointVersions(access: NodeAccess): Promise<Partial<Proof>> {
  const lines = await output(access, ["sh", "-c", versionsScript]);
  return Object.fromEntries(lines.split("\n").map((line) => line.split("=") as [string, string]));
}
