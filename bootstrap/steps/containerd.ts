import { ensureFiles } from "#bootstrap/nodes/ensure-files";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { succeeds } from "#bootstrap/nodes/remote-file";
import { containerdFiles } from "#bootstrap/runtimes/containerd";
import { nodeNames } from "#bootstrap/runtimes/names";
import { drivesGpus } from "#bootstrap/steps/gpus";
import { hostOf } from "#bootstrap/steps/facts";
import type { PlanContext, Step } from "#bootstrap/steps/step";
import { waitFor } from "#core/retry";

/** containerd with the runtime handler; restarted only when one of its files changed. */
export const containerd: Step = {
  id: "containerd",
  title: "configure containerd",
  scope: "node",
  needs: ["nodes", "hosts"],
  gives: [],
  after: ["install-packages"],
  preview: ({ packages }) => [
    "/etc/containerd/config.toml: version 3, pinned pause image, runtimes runc and clouder",
    ...packages.registryFiles.map(({ path }) => path),
    `${packages.bringsUnits ? "containerd.service of the package" : "/etc/systemd/system/containerd.service"}, TMPDIR=${nodeNames.containerdTmp}`,
    "systemctl enable containerd; systemctl restart containerd when a file changed",
  ],
  run: async (context, facts, { access, machine }) => {
    const { packages, spec } = context;
    const host = hostOf(facts, machine);
    const changed = await ensureFiles(access, [
      ...containerdFiles({
        pauseImage: await packages.pauseImage(access, spec.kubernetesVersion),
        node: host.settings,
        programDigest: await packages.containerdDigest(access),
        ownUnit: !packages.bringsUnits,
        nvidia: drivesGpus(context, machine, host),
      }),
      ...packages.registryFiles,
    ]);
    const active = await succeeds(access, ["systemctl", "is-active", "-q", "containerd"]);
    if (changed.length === 0 && active) return { skipped: "runs with these settings" };
    const make = 'install -d -m 0700 -- "$1"; mkdir -p /etc/cni/net.d';
    await access.run(["sh", "-ec", make, "sh", nodeNames.containerdTmp]);
    await access.run(["systemctl", "daemon-reload"]);
    await access.run(["systemctl", "enable", "-q", "containerd"]);
    await access.run(["systemctl", "restart", "containerd"]);
    await waitForAnswer(context, access);
    return {};
  },
};

async function waitForAnswer(context: PlanContext, access: NodeAccess): Promise<void> {
  await waitFor(
    `an answer of containerd on ${access.host}`,
    {
      timeoutMs: 60_000,
      everyMs: 300,
      clock: context.clock,
      signal: context.signal,
      hint: `on ${access.host}: journalctl -u containerd`,
    },
    async () => ((await succeeds(access, ["ctr", "version"])) ? true : undefined),
  );
}
