import { command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { boolean, clusterFlags, timeoutFlag } from "#plugin/cli/flags";
import { replicasResult } from "#plugin/output/webhook";
import { rotateCertificate } from "#webhook/install/rotate-certificate";

export default command({
  summary: "Give the webhook a new certificate authority and a new certificate",
  description:
    "No call fails meanwhile: API servers trust the old and the new authority until long after the " +
    "change. Waits until every replica serves the new certificate.",
  examples: ["webhook certificate rotate", "webhook certificate rotate --no-wait"],
  flags: {
    ...clusterFlags,
    wait: boolean({ description: "wait until it is served", default: true, allowNo: true }),
    timeout: timeoutFlag("how long to wait", "5m"),
  },
  run: async ({ flags }, context) => {
    const timeoutMs = milliseconds("timeout", flags.timeout) || Infinity;
    const at = { ...context, kube: await context.kube(), timeoutMs };
    return replicasResult(await rotateCertificate({ wait: flags.wait }, at));
  },
});
