import { imageName } from "#checkpoint/install/settings";
import { version } from "#core/version";
import { command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { boolean, clusterFlags, string, timeoutFlag } from "#plugin/cli/flags";
import { webhookFlags, webhookSettingsOf } from "#plugin/cli/webhook-flags";
import { appliedResult, renderedResult } from "#plugin/output/install";
import { installWebhook } from "#webhook/install/install";
import { webhookInstallObjects } from "#webhook/install/objects";

export default command({
  summary: "Install or update the webhook alone, with its kinds and its controller",
  description:
    "With --failure-policy Fail the API server is told so only once the webhook answers. What is not " +
    "given goes back to its default.",
  examples: [
    "webhook install",
    "webhook install --failure-policy Ignore --exclude-namespace build",
    "webhook install --certificates cert-manager --issuer ClusterIssuer/internal",
    "webhook install --dry-run -o yaml",
  ],
  flags: {
    ...clusterFlags,
    image: string({ description: "image of webhook and controller", default: imageName(version) }),
    ...webhookFlags,
    wait: boolean({ description: "wait until all is ready", default: true, allowNo: true }),
    timeout: timeoutFlag("how long to wait for the programs", "5m"),
    "dry-run": boolean({ description: "print the objects, change nothing" }),
  },
  run: async ({ flags }, context) => {
    const settings = webhookSettingsOf(flags);
    if (flags["dry-run"]) return renderedResult(webhookInstallObjects(settings), flags.output);
    const timeoutMs = milliseconds("timeout", flags.timeout) || Infinity;
    const at = { ...context, kube: await context.kube(), timeoutMs };
    return appliedResult(await installWebhook(settings, { wait: flags.wait }, at));
  },
});
