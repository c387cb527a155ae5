import { join } from "node:path";
import { adminKubeconfig } from "#bootstrap/kubeadm/kubeconfig";
import { restartStaticPods } from "#bootstrap/kubeadm/static-pods";
import { waitForApi } from "#bootstrap/kubeadm/wait-for-api";
import { output } from "#bootstrap/nodes/remote-file";
import { atCluster, type ClusterName, type LifeAround } from "#bootstrap/pools/place";
import { factsOf, withMachines } from "#bootstrap/pools/planes";
import { writePrivate } from "#bootstrap/private-file";
import type { Node } from "#bootstrap/steps/step";
import { reportStep } from "#core/report";

/** One certificate of a control plane. */
export interface CertificateView {
  readonly node: string;
  readonly name: string;
  /** True for one that signs others; these are renewed by hand only. */
  readonly authority: boolean;
  readonly expires: string;
  readonly daysLeft: number;
}

interface Expiration {
  readonly certificates?: readonly Listed[];
  readonly certificateAuthorities?: readonly Listed[];
}

interface Listed {
  readonly name: string;
  readonly expirationDate: string;
  /** super-admin.conf is taken away after init. */
  readonly missing?: boolean;
}

/** When the certificates that kubeadm made expire. */
export async function listCertificates(
  request: ClusterName,
  around: LifeAround,
): Promise<readonly CertificateView[]> {
  return await atCluster(request, around, (place) =>
    withMachines(place, "control-plane", (planes) => allOf(planes, around.clock.now())),
  );
}

/**
 * Renews them on every control plane, one after another, so that the others serve meanwhile, and
 * writes the kubeconfig anew. Nothing but the control plane's own pods is restarted.
 */
export async function renewCertificates(
  request: ClusterName,
  around: LifeAround,
): Promise<readonly CertificateView[]> {
  return await atCluster(request, around, (place) =>
    withMachines(place, "control-plane", async (planes) => {
      const facts = await factsOf(place, planes);
      for (const { machine, access } of planes) {
        const step = { step: "renew", title: "renew its certificates", host: machine.name };
        await reportStep(around.report, step, async () => {
          await access.run(["kubeadm", "certs", "renew", "all"], { timeoutMs: 120_000 });
          await access.run(["rm", "-f", "/etc/kubernetes/super-admin.conf"]);
          await restartStaticPods(access);
          await waitForApi(place.context, access, machine);
        });
      }
      await writePrivate(
        join(place.context.folder, "kubeconfig"),
        await adminKubeconfig(place.context, facts),
      );
      return await allOf(planes, around.clock.now());
    }),
  );
}

async function allOf(planes: readonly Node[], now: number): Promise<readonly CertificateView[]> {
  const views = await Promise.all(
    planes.map(async ({ machine, access }) =>
      viewsOf(
        machine.name,
        await output(access, ["kubeadm", "certs", "check-expiration", "-o", "json"]),
        now,
      ),
    ),
  );
  return views.flat();
}

/** Reads kubeadm's answer; lines before the document are its remarks. */
export function viewsOf(node: string, text: string, now: number): readonly CertificateView[] {
  const { certificates = [], certificateAuthorities = [] } = JSON.parse(
    text.slice(Math.max(0, text.indexOf("{"))),
  ) as Expiration;
  const view = ({ name, expirationDate }: Listed, authority: boolean): CertificateView => ({
    ...{ node, name, authority, expires: expirationDate },
    daysLeft: Math.floor((Date.parse(expirationDate) - now) / 86_400_000),
  });
  return [
    ...certificates.filter(({ missing }) => !missing).map((one) => view(one, false)),
    ...certificateAuthorities.filter(({ missing }) => !missing).map((one) => view(one, true)),
  ];
}
