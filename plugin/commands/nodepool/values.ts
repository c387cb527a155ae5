import { describeAutoscaler } from "#bootstrap/autoscaler/describe";
import { command } from "#plugin/cli/command";
import { string } from "#plugin/cli/flags";
import { clusterArgument, clusterAt } from "#plugin/cli/life";

export default command({
  summary: "Print the values of the chart cluster-autoscaler for a cluster's pools",
  description:
    "They lead to nodepool autoscale, which makes and removes the machines. With --cloud-config prints the file that the Secret clouder-autoscaler holds beside tls.crt, tls.key and ca.crt.",
  examples: [
    "nodepool values dev > values.yaml",
    "nodepool values dev --cloud-config scaler.example.org:8086 > cloud-config",
  ],
  args: { cluster: clusterArgument },
  flags: {
    "cloud-config": string({ description: "host:port at which nodepool autoscale is called" }),
  },
  run: async ({ args, flags }, context) => {
    const where = clusterAt(context, args.cluster);
    return { object: await describeAutoscaler(where, flags["cloud-config"]) };
  },
});
