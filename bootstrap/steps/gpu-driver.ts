import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { drivesGpus } from "#bootstrap/steps/gpus";
import { hostOf } from "#bootstrap/steps/facts";
import { rebootNode } from "#bootstrap/steps/reboot";
import type { MachineOutcome, Node, PlanContext, Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/**
 * NVIDIA's driver and container toolkit. It stands before everything else that is set up on the
 * machine, for the machine may have to be rebooted.
 */
export const gpuDriver: Step = {
  id: "gpu-driver",
  title: "install the GPU's driver",
  scope: "node",
  needs: ["nodes", "hosts"],
  gives: [],
  after: ["install-packages"],
  preview: ({ packages }) => [
    "only where a pool asks for GPUs and a machine has one of NVIDIA's:",
    ...(packages.gpu?.preview() ?? [`nothing: ${packages.title} has no driver`]),
    "modprobe nvidia nvidia-uvm; nvidia-smi; a reboot of a machine that was just made, if it needs one",
  ],
  run: async (context, facts, node) => {
    const host = hostOf(facts, node.machine);
    if (!drivesGpus(context, node.machine, host)) return { skipped: "no GPU to drive" };
    const { gpu } = context.packages;
    if (!gpu) return { skipped: "was there already" };
    const installed = await gpu.install(context, node, host);
    return installed.skipped === undefined ? await start(context, node) : installed;
  },
};

/**
 * Loads the modules and asks the driver; prints "ready", "reboot" (the old modules, or those of
 * another kernel, are in the way), "rejected" (by secure boot) or "failed", and what was said.
 */
export const startScript = `
modprobe -r nouveau 2>/dev/null || true
if said=$( { modprobe nvidia && modprobe nvidia-uvm && nvidia-smi -L; } 2>&1 ); then
  echo ready
else
  case "$said" in
    *"ey was rejected"* | *"equired key not available"*) echo rejected ;;
    *"version mismatch"*) echo reboot ;;
    *)
      if grep -q '^nouveau ' /proc/modules; then echo reboot
      elif modinfo nvidia >/dev/null 2>&1; then echo failed
      elif find /lib/modules -name 'nvidia.ko*' | grep -q .; then echo reboot
      else echo failed; fi ;;
  esac
fi
echo "$said"
`;

async function start(context: PlanContext, node: Node): Promise<MachineOutcome> {
  const first = await started(node.access);
  if (first.state === "ready") return {};
  if (first.state !== "reboot") throw dead(node, first);
  const again = await rebootNode(context, node, "for NVIDIA's driver");
  const second = await started(again.access);
  if (second.state === "ready") return { facts: { nodes: [again] } };
  await again.access.close();
  throw dead(node, second);
}

interface Started {
  readonly state: string;
  readonly said: readonly string[];
}

async function started(access: NodeAccess): Promise<Started> {
  const { stdout } = await access.run(["sh", "-c", startScript], {
    ...{ allowFailure: true, timeoutMs: 120_000 },
  });
  const [state = "", ...said] = stdout.trim().split("\n");
  return { state, said };
}

function dead({ machine }: Node, { state, said }: Started): ClouderError {
  const details = { host: machine.name, output: said.slice(-12) };
  if (state === "rejected") {
    return new ClouderError(
      "unsupported",
      `${machine.name} rejects NVIDIA's kernel modules: it boots signed ones alone (secure boot)`,
      {
        hint: "switch secure boot off there, or enroll the key that signed them (mokutil)",
        details,
      },
    );
  }
  const last = said.at(-1) ?? "";
  return new ClouderError(
    "remote-command",
    `NVIDIA's driver does not start on ${machine.name}: ${last}`,
    {
      hint: `on ${machine.name}: dmesg | grep -i nvrm; dkms status`,
      details,
    },
  );
}
