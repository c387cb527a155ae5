import type { HostFacts } from "#bootstrap/nodes/host-facts";
import { foreignCluster } from "#bootstrap/steps/init";
import type { PlanContext } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

const leastFreeBytes = 3 * 2 ** 30;
/** Certificates are valid from their making on, and answers of hundreds of machines take a while. */
const mostSkewSeconds = 60;

/** Refuses a machine on which a cluster could not live, and tells what may be in its way. */
export function checkRoom({ clock, report, uid }: PlanContext, host: HostFacts): void {
  if (host.owner !== "" && host.owner !== uid) throw foreignCluster(host.name);
  if (host.freeBytes < leastFreeBytes) {
    const free = (host.freeBytes / 2 ** 30).toFixed(1);
    throw new ClouderError("no-space", `${host.name} has ${free} GiB free below /var/lib`, {
      hint: "make room there: at least 3 GiB, 20 GiB for images and checkpoints",
    });
  }
  if (host.busyPorts.length > 0) {
    const [port = ""] = host.busyPorts;
    throw new ClouderError(
      "conflict",
      `port ${host.busyPorts.join(", ")} of ${host.name} is in use`,
      {
        hint: `see who holds it (ss -ltnp 'sport = :${port}' there) and stop it`,
      },
    );
  }
  const skew = Math.round(host.clockSeconds - clock.now() / 1000);
  if (Math.abs(skew) > mostSkewSeconds) {
    const where = skew > 0 ? "ahead of" : "behind";
    throw new ClouderError(
      "conflict",
      `the clock of ${host.name} is ${Math.abs(skew)} s ${where} this machine's`,
      { hint: "set it there, for example by: timedatectl set-ntp true" },
    );
  }
  if (host.firewalls.length > 0) {
    const message =
      `${host.firewalls.join(", ")} is at work there: let the cluster's machines reach ` +
      "6443, 10250 and 2379-2380/tcp and 8472/udp";
    report({ type: "note", level: "warn", host: host.name, message });
  }
}
