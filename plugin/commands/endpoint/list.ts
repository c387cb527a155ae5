import { listEndpoints } from "#checkpoint/endpoints/look";
import { command } from "#plugin/cli/command";
import { allNamespacesFlag, namespaceFlags, string } from "#plugin/cli/flags";
import { endpointList } from "#plugin/output/endpoints";

export default command({
  summary: "List registered endpoints, or those that take a class of workloads now",
  examples: ["endpoint list", "endpoint list --class notebook -o json"],
  flags: {
    ...namespaceFlags,
    "all-namespaces": allNamespacesFlag,
    class: string({ description: "only those that are ready for it" }),
  },
  run: async ({ flags }, { kube, namespace, clock }) => {
    const where = flags["all-namespaces"] ? undefined : await namespace();
    const wanted = { namespace: where, workloadClass: flags.class };
    return endpointList(await listEndpoints(await kube(), wanted), clock.now());
  },
});
