import { applyOnNode, controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import { nvidiaRuntime } from "#bootstrap/runtimes/names";
import { drivesGpus, gpuRuntimeClass } from "#bootstrap/steps/gpus";
import type { Step } from "#bootstrap/steps/step";

/** The class of pods that get GPUs, in clusters that have some. */
export const gpuRuntime: Step = {
  id: "gpu-runtime",
  title: "make the runtime class of GPUs",
  scope: "cluster",
  needs: ["nodes", "hosts", "machines", "kubeconfig"],
  gives: [],
  after: ["mark-nodes"],
  preview: () => [
    `kubectl apply: RuntimeClass ${nvidiaRuntime.handler}, where a machine has a GPU of NVIDIA's`,
  ],
  run: async (context, facts) => {
    const { machines = [], hosts = [] } = facts;
    const wanted = hosts.some((host) => {
      const machine = machines.find(({ name }) => name === host.name);
      return machine !== undefined && drivesGpus(context, machine, host);
    });
    if (!wanted) return { skipped: "no machine has a GPU to drive" };
    const { handler } = nvidiaRuntime;
    const plane = controlPlane(facts);
    const there = await kubectl(plane, [
      ...["get", "runtimeclass", handler, "--ignore-not-found", "-o", "jsonpath={.handler}"],
    ]);
    // NVIDIA's operator makes one, too.
    if (there.trim() === handler) return { skipped: "is there already" };
    await applyOnNode(plane, `${JSON.stringify(gpuRuntimeClass(handler))}\n`);
    return {};
  },
};
