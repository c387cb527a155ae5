import { serveAutoscaler } from "#bootstrap/autoscaler/serve";
import { command } from "#plugin/cli/command";
import { integer, string } from "#plugin/cli/flags";
import { clusterArgument, clusterAt, lifeAround } from "#plugin/cli/life";

export default command({
  summary: "Let a cluster-autoscaler make and remove nodes, within min and max of each pool",
  description:
    "Runs until it is ended, where the cluster is recorded and the cloud's credentials are. A cluster-autoscaler with the values of nodepool values calls it, by gRPC with certificates on both sides. Pools without min and max stay as they are.",
  examples: [
    "nodepool autoscale dev --certificate tls.crt --key tls.key --authority ca.crt",
    "nodepool autoscale dev --listen 10.0.0.4 --port 8086 --certificate tls.crt --key tls.key --authority ca.crt",
  ],
  args: { cluster: clusterArgument },
  flags: {
    listen: string({ description: "address to listen at", default: "0.0.0.0" }),
    port: integer({ description: "port to listen at", default: 8086, min: 0, max: 65535 }),
    certificate: string({ description: "its certificate (PEM file)", required: true }),
    key: string({ description: "the certificate's key (PEM file)", required: true }),
    authority: string({ description: "who signs certificates of callers (PEM)", required: true }),
  },
  run: async ({ args, flags }, context) => {
    const where = clusterAt(context, args.cluster);
    const { listen: host, port, certificate, key, authority } = flags;
    const files = { certificate, key, authority };
    await serveAutoscaler({ ...where, host, port, files }, lifeAround(context));
    return { object: { cluster: args.cluster }, text: `${args.cluster} is autoscaled no more` };
  },
});
