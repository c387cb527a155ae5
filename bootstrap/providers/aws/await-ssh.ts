import { GetConsoleOutputCommand } from "@aws-sdk/client-ec2";
import { nameOf, ourInstances } from "./instances.ts";
import type { AwsIdentity } from "./identity.ts";
import { look, type AwsSession } from "./session.ts";
import type { AwsSurroundings } from "./workplace.ts";
import type { Machine } from "#bootstrap/providers/provider";
import { ClouderError, hasCode } from "#core/error";
import { waitFor } from "#core/retry";

/** Waits until a machine answers over SSH; `timeout` tells that it does not and its last words. */
export async function awaitSsh(
  session: AwsSession,
  identity: AwsIdentity,
  { name, reach }: Machine,
  { answersSsh }: Pick<AwsSurroundings, "answersSsh">,
): Promise<void> {
  const { clock, signal } = session;
  if (reach.access !== "ssh") return;
  const { host, port } = reach;
  try {
    await waitFor(
      `that ${name} (${host}:${port}) answers over SSH`,
      { timeoutMs: 300_000, everyMs: 1000, clock, signal },
      async () => ((await answersSsh(reach)) ? true : undefined),
    );
  } catch (error) {
    if (!hasCode(error, "timeout")) throw error;
    const words = await lastWords(session, identity, name);
    throw new ClouderError("timeout", `${error.message}${words}`, {
      hint: "check that this machine's address is in --allow-cidr; machines without public addresses are reached with --jump-host, or from inside of the VPC's network",
      cause: error,
    });
  }
}

async function lastWords(
  session: AwsSession,
  identity: AwsIdentity,
  name: string,
): Promise<string> {
  try {
    const found = (await ourInstances(session, identity)).find((one) => nameOf(one) === name);
    const { Output = "" } = await look(session, `read the console of ${name}`, () =>
      session.ec2.send(new GetConsoleOutputCommand({ InstanceId: found?.InstanceId })),
    );
    const lines = Buffer.from(Output, "base64").toString().trim().split("\n").slice(-3);
    return lines.join("") === "" ? "" : `; its console says: ${lines.join(" | ")}`;
  } catch {
    // The console is a courtesy: that the machine does not answer is what has to be told.
    return "";
  }
}
