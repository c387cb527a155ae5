import { listCertificates, renewCertificates } from "#bootstrap/certificates";
import { command } from "#plugin/cli/command";
import { boolean } from "#plugin/cli/flags";
import { clusterArgument, clusterAt, lifeAround } from "#plugin/cli/life";
import { certificateList } from "#plugin/output/certificates";

export default command({
  summary: "Show when a cluster's certificates expire, or renew them",
  description:
    "--renew takes one control plane after another and writes the cluster's kubeconfig anew. Authorities are not renewed.",
  examples: ["cluster certificates dev", "cluster certificates dev --renew"],
  args: { cluster: clusterArgument },
  flags: { renew: boolean({ description: "renew all that authorities have signed" }) },
  run: async ({ args, flags }, context) => {
    const job = flags.renew ? renewCertificates : listCertificates;
    return certificateList(await job(clusterAt(context, args.cluster), lifeAround(context)));
  },
});
