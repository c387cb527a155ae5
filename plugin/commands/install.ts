import { install } from "#checkpoint/install/install";
import { installObjects } from "#checkpoint/install/objects";
import { imageName, installSettings, kubeletCertificates } from "#checkpoint/install/settings";
import { version } from "#core/version";
import { command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { boolean, clusterFlags, string, timeoutFlag } from "#plugin/cli/flags";
import { appliedResult, renderedResult } from "#plugin/output/install";

export default command({
  summary: "Install or update the agents, the controller and the kinds of this cluster",
  examples: ["install", "install --store-dir /mnt/checkpoints", "install --dry-run -o yaml"],
  flags: {
    ...clusterFlags,
    image: string({ description: "image of agent and controller", default: imageName(version) }),
    "store-dir": string({ description: "folder of nodes for file:// stores", multiple: true }),
    "kubelet-certificate": string({
      description: "what the kubelet's certificate is checked against; auto: the CA, else its file",
      options: [...kubeletCertificates],
      default: "auto",
    }),
    wait: boolean({ description: "wait until all is ready", default: true, allowNo: true }),
    timeout: timeoutFlag("how long to wait for the programs", "5m"),
    "dry-run": boolean({ description: "print the objects, change nothing" }),
  },
  run: async ({ flags }, context) => {
    const settings = installSettings({
      image: flags.image,
      storeFolders: flags["store-dir"],
      kubeletCertificate: flags["kubelet-certificate"],
    });
    if (flags["dry-run"]) return renderedResult(installObjects(settings), flags.output);
    const timeoutMs = milliseconds("timeout", flags.timeout) || Infinity;
    const at = { ...context, kube: await context.kube(), timeoutMs };
    return appliedResult(await install(settings, { wait: flags.wait }, at));
  },
});
