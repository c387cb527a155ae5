import { writePrivate } from "#bootstrap/private-file";
import { registerEndpoint } from "#checkpoint/endpoints/register";
import { command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { endpointSpec, registerFlags } from "#plugin/cli/endpoint-flags";
import { namespaceFlags } from "#plugin/cli/flags";
import { nameArgument } from "#plugin/cli/names";
import { endpointRegistered } from "#plugin/output/endpoints";

export default command({
  summary: "Register a machine outside of the cluster that runs containers, or change it",
  description:
    "It gets an identity that may renew its own Lease and read its own object, and a token in a " +
    "kubeconfig for `endpoint heartbeat` there. Run it again for a new token.",
  examples: [
    "endpoint register lab --url https://lab.example:8443 --class notebook --allow-cidr 203.0.113.0/24 --out lab.kubeconfig",
  ],
  args: { name: nameArgument("name of the endpoint") },
  flags: { ...namespaceFlags, ...registerFlags },
  run: async ({ args: { name }, flags }, { kube, namespace }) => {
    const tokenSeconds = milliseconds("token-lifetime", flags["token-lifetime"]) / 1000;
    const { server, out } = flags;
    const place = { name, namespace: await namespace(), tokenSeconds, server };
    const wanted = { ...place, spec: await endpointSpec(flags) };
    const made = await registerEndpoint(wanted, await kube());
    if (out !== "-") await writePrivate(out, made.kubeconfig);
    return endpointRegistered(made, out);
  },
});
