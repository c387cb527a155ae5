import { apiPort } from "#bootstrap/kubeadm/endpoint";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import type { Machine } from "#bootstrap/providers/provider";
import type { PlanContext } from "#bootstrap/steps/step";
import { waitFor } from "#core/retry";

/** Waits until the API server is ready: behind the endpoint, or with `own` the machine's own. */
export async function waitForApi(
  context: Pick<PlanContext, "clock" | "signal">,
  access: NodeAccess,
  own?: Machine,
): Promise<void> {
  const server = own ? [`--server=https://${own.privateAddress}:${apiPort}`] : [];
  await waitFor(
    `an answer of the API server on ${access.host}`,
    {
      timeoutMs: 240_000,
      everyMs: 1000,
      clock: context.clock,
      signal: context.signal,
      hint: `on ${access.host}: journalctl -u kubelet; look at /var/log/pods`,
    },
    async () => {
      const ready = await access.run(
        [
          ...["kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", ...server],
          ...["--request-timeout=5s", "get", "--raw", "/readyz"],
        ],
        { allowFailure: true },
      );
      return ready.status === 0 ? true : undefined;
    },
  );
}
