import { sharedPort, wantsShared } from "#bootstrap/kubeadm/endpoint";
import { sharedAddressFiles } from "#bootstrap/kubeadm/shared-address";
import { ensureFiles } from "#bootstrap/nodes/ensure-files";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { output, succeeds } from "#bootstrap/nodes/remote-file";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import type { Machine } from "#bootstrap/providers/provider";
import type { Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

const services = ["haproxy", "keepalived"];

/** An address for several control planes, where no load balancer is given. */
export const shareAddress: Step = {
  id: "share-address",
  title: "share one address among the control planes",
  scope: "node",
  on: "control-plane",
  needs: ["nodes", "machines", "endpoint"],
  gives: [],
  after: ["install-packages"],
  preview: ({ spec }) =>
    wantsShared(spec)
      ? [
          `/etc/keepalived/keepalived.conf: ${spec.controlPlane.virtualAddress ?? "an address of the machines' network"}`,
          `/etc/haproxy/haproxy.cfg: port ${sharedPort}, to every control plane that is ready`,
        ]
      : ["nothing: the endpoint is no shared address"],
  run: async (_context, facts, { access, machine }) => {
    const { endpoint, machines = [] } = facts;
    if (endpoint?.virtual !== true || endpoint.address === undefined) {
      return { skipped: "the endpoint is no shared address" };
    }
    await refuseForeign(access);
    const changed = await ensureFiles(
      access,
      sharedAddressFiles({
        address: endpoint.address,
        planes: machines.filter(({ role }) => role === "control-plane"),
        own: machine,
        link: await linkOf(access, machine),
      }),
    );
    const active = await succeeds(access, ["systemctl", "is-active", "-q", ...services]);
    if (changed.length === 0 && active) return { skipped: "shared already" };
    await writeStamp(access, "shared-address", { address: endpoint.address });
    await access.run(["systemctl", "enable", "-q", ...services]);
    await access.run(["systemctl", "reload-or-restart", ...services]);
    return {};
  },
};

/** Files of a haproxy or keepalived that somebody else set up are not replaced. */
async function refuseForeign(access: NodeAccess): Promise<void> {
  if ((await readStamp(access, "shared-address"))["address"] !== undefined) return;
  const ours = await readStamp(access, "new-packages");
  const foreign = services.filter((name) => ours[name] === undefined);
  if (foreign.length === 0) return;
  throw new ClouderError("conflict", `${access.host} has ${foreign.join(" and ")} already`, {
    hint: "put a load balancer before the control planes yourself and give it with --endpoint host:port",
  });
}

async function linkOf(access: NodeAccess, machine: Machine): Promise<string> {
  const lines = await output(access, ["ip", "-o", "-4", "address", "show"]);
  for (const line of lines.split("\n")) {
    const [, link = "", , address = ""] = line.trim().split(/\s+/);
    if (address.split("/")[0] === machine.privateAddress) return link;
  }
  throw new ClouderError(
    "config",
    `no link of ${machine.name} has the address ${machine.privateAddress}`,
    { hint: "give its own address with --host, or a load balancer with --endpoint host:port" },
  );
}
