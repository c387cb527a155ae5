import { ownName } from "#bootstrap/kubeadm/endpoint";
import { keepOriginals } from "#bootstrap/nodes/originals";
import { ensureBlock, ensureFiles } from "#bootstrap/nodes/ensure-files";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { succeeds } from "#bootstrap/nodes/remote-file";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { hostOf } from "#bootstrap/steps/facts";
import type { Facts, Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

const modules = ["overlay", "br_netfilter"];

/** Of the machine's own network namespace: a system container has them for itself. */
const networkSettings = [
  "net.ipv4.ip_forward = 1",
  "net.bridge.bridge-nf-call-iptables = 1",
  "net.bridge.bridge-nf-call-ip6tables = 1",
];
const kernelSettings = [
  "fs.inotify.max_user_instances = 8192",
  "fs.inotify.max_user_watches = 524288",
  "vm.overcommit_memory = 1",
  "kernel.panic = 10",
  "kernel.panic_on_oops = 1",
];

/** On request: 2 stands for nobody, root neither. */
const noRingsSetting = "kernel.io_uring_disabled = 2";

/** Kernel modules, kernel settings, swap, host names. */
export const prepareHost: Step = {
  id: "prepare-host",
  title: "prepare the host",
  scope: "node",
  needs: ["nodes", "hosts", "machines", "endpoint"],
  gives: [],
  preview: ({ spec }) => [
    "cloud-init status --wait, where there is one",
    "keep copies of the files that create will replace, for cluster delete",
    `modprobe ${modules.join(" ")}; /etc/modules-load.d/clouder.conf (checked only in containers)`,
    "sysctl -p /etc/sysctl.d/99-clouder.conf",
    ...(noRings(spec) ? [`${noRingsSetting}, in the same file`] : []),
    "swapoff -a; /etc/fstab (not in containers)",
    `/etc/hosts: the cluster's machines and ${spec.controlPlane.endpoint ?? ownName(spec)}`,
  ],
  run: async (context, facts, { access, machine }) => {
    await waitForCloudInit(access);
    const shared = hostOf(facts, machine).settings.sharedKernel;
    const rings = noRings(context.spec) ? await ringSetting(access, shared) : [];
    await keepOriginals(access, {
      programs: context.packages.programs,
      // Also what a later create may be asked for.
      settings: [...settingsFor(shared), ...(shared ? [] : [noRingsSetting])].map((line) =>
        line.replace(/ =.*/, ""),
      ),
    });
    const changes = [
      ...(shared ? [] : await loadModules(access)),
      ...(await setKernel(access, [...settingsFor(shared), ...rings])),
      ...(shared ? [] : await swapOff(access)),
    ];
    if (shared) await checkKernel(access);
    if (await ensureBlock(access, "/etc/hosts", hostLines(facts))) changes.push("hosts");
    return changes.length === 0 ? { skipped: "prepared already" } : {};
  },
};

/** On its first boot cloud-init sets addresses, disks and packages: what it undoes must not be done yet. */
async function waitForCloudInit(access: NodeAccess): Promise<void> {
  const script = "command -v cloud-init >/dev/null || exit 0; timeout 600 cloud-init status --wait";
  const { status, stdout } = await access.run(["sh", "-c", script], { allowFailure: true });
  // 2: it ended with errors it recovered from; 1: with errors that are the image's own.
  if (status !== 124) return;
  throw new ClouderError("timeout", `cloud-init on ${access.host} is at work for 10 minutes`, {
    hint: `look there with cloud-init status --long (${stdout.trim().split("\n").at(-1) ?? ""})`,
  });
}

const noRings = ({ nodes }: ClusterSpec) => nodes?.disableIoUring === true;

/** The line that keeps everybody from making rings; refused where it would be the host's. */
async function ringSetting(access: NodeAccess, shared: boolean): Promise<readonly string[]> {
  if (shared) {
    throw new ClouderError(
      "unsupported",
      `${access.host} shares its host's kernel, where io_uring would end for everybody`,
      {
        hint: "leave --disable-io-uring out: pods that say nothing have no rings (seccompDefault)",
      },
    );
  }
  if (await succeeds(access, ["test", "-e", "/proc/sys/kernel/io_uring_disabled"])) {
    return [noRingsSetting];
  }
  throw new ClouderError("unsupported", `${access.host} has a kernel without io_uring_disabled`, {
    hint: "boot Linux 6.6 or newer there, or leave --disable-io-uring out",
  });
}

function settingsFor(shared: boolean): readonly string[] {
  return shared ? networkSettings : [...networkSettings, ...kernelSettings];
}

async function loadModules(access: NodeAccess): Promise<readonly string[]> {
  const content = modules.map((name) => `${name}\n`).join("");
  const changed = await ensureFiles(access, [
    { path: "/etc/modules-load.d/clouder.conf", content },
  ]);
  await access.run(["modprobe", "-a", "--", ...modules]);
  return changed;
}

async function setKernel(access: NodeAccess, lines: readonly string[]): Promise<readonly string[]> {
  const path = "/etc/sysctl.d/99-clouder.conf";
  const content = `${lines.join("\n")}\n`;
  const changed = await ensureFiles(access, [{ path, content }]);
  await access.run(["sysctl", "-q", "-p", path]);
  return changed;
}

async function swapOff(access: NodeAccess): Promise<readonly string[]> {
  const { stdout } = await access.run([
    "sh",
    "-ec",
    `if [ "$(wc -l < /proc/swaps)" -gt 1 ]; then swapoff -a; echo off; fi
     if grep -Eq '^[^#].*[[:space:]]swap[[:space:]]' /etc/fstab; then
       sed -i.clouder -E '/^[^#].*[[:space:]]swap[[:space:]]/ s/^/# clouder: /' /etc/fstab; echo fstab
     fi`,
  ]);
  return stdout.trim() === "" ? [] : ["swap"];
}

/** What the host's kernel must bring when we may not change it. */
async function checkKernel(access: NodeAccess): Promise<void> {
  const { stdout } = await access.run([
    "sh",
    "-c",
    `grep -qw overlay /proc/filesystems || echo overlay
     [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo br_netfilter`,
  ]);
  const missing = stdout.trim().split(/\s+/).filter(Boolean);
  if (missing.length > 0) {
    throw new ClouderError("unsupported", `the host's kernel lacks ${missing.join(", ")}`, {
      hint: `on the host: modprobe -a ${missing.join(" ")}`,
    });
  }
}

function hostLines(facts: Partial<Facts>): readonly string[] {
  const { machines = [], endpoint } = facts;
  return [
    ...machines.map(({ name, privateAddress }) => `${privateAddress} ${name}`),
    ...(endpoint?.address === undefined ? [] : [`${endpoint.address} ${endpoint.host}`]),
  ];
}
