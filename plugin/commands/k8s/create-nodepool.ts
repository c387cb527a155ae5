import original from "#plugin/commands/nodepool/create";
import { respelled } from "#plugin/cli/respelled";

export default respelled(original, {
  summary: "Make a pool of nodes with labels and taints of its own",
  examples: [
    "k8s create-nodepool dev gpu-workers --min 0 --desired 1 --max 5 --roles jupyter --xpu gpu-cuda",
  ],
});
