import { imageName, installSettings, kubeletCertificates } from "#checkpoint/install/settings";
import { version } from "#core/version";
import { command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { boolean, clusterFlags, string, timeoutFlag } from "#plugin/cli/flags";
import { allObjects, installAll } from "#plugin/cli/installation";
import { webhookFlags, webhookSettingsOf } from "#plugin/cli/webhook-flags";
import { appliedResult, renderedResult } from "#plugin/output/install";

export default command({
  summary:
    "Install or update the agents, the controllers, the webhook and the kinds of this cluster",
  examples: ["install", "install --store-dir /mnt/checkpoints", "install --dry-run -o yaml"],
  flags: {
    ...clusterFlags,
    image: string({ description: "image of all programs", default: imageName(version) }),
    "store-dir": string({ description: "folder of nodes for file:// stores", multiple: true }),
    "kubelet-certificate": string({
      description: "what the kubelet's certificate is checked against; auto: the CA, else its file",
      options: [...kubeletCertificates],
      default: "auto",
    }),
    preemption: boolean({ description: "watch spot notices of AWS, Azure, on the nodes' network" }),
    webhook: boolean({ description: "install the webhook, too", default: true, allowNo: true }),
    ...webhookFlags,
    wait: boolean({ description: "wait until all is ready", default: true, allowNo: true }),
    timeout: timeoutFlag("how long to wait for the programs", "5m"),
    "dry-run": boolean({ description: "print the objects, change nothing" }),
  },
  run: async ({ flags }, context) => {
    const kubeletCertificate = flags["kubelet-certificate"];
    const { image, preemption, "store-dir": storeFolders } = flags;
    const programs = installSettings({ image, storeFolders, kubeletCertificate, preemption });
    const wanted = { programs, webhook: flags.webhook ? webhookSettingsOf(flags) : undefined };
    if (flags["dry-run"]) return renderedResult(allObjects(wanted), flags.output);
    const timeoutMs = milliseconds("timeout", flags.timeout) || Infinity;
    const at = { ...context, kube: await context.kube(), timeoutMs };
    return appliedResult(await installAll(wanted, { wait: flags.wait }, at));
  },
});
