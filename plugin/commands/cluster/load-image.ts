import { loadImage } from "#bootstrap/load-image";
import { homeOf, surroundings } from "#plugin/cli/clusters";
import { checked } from "#plugin/cli/checks";
import { isClusterName } from "#plugin/cli/cluster-flags";
import { argument, command } from "#plugin/cli/command";

export default command({
  summary: "Put an image archive on every node of a cluster",
  description:
    "For clusters without a registry. Archives as docker save and podman save write them.",
  examples: ["cluster load-image dev image.tar"],
  args: {
    name: checked(argument({ description: "name of the cluster", required: true }), isClusterName),
    archive: argument({ description: "image archive", required: true }),
  },
  run: async ({ args: { name, archive } }, context) => {
    const loaded = await loadImage({ home: homeOf(context), name, archive }, surroundings(context));
    return { object: loaded, text: `${archive} is on ${loaded.nodes.join(", ")}` };
  },
});
