import { versionOf } from "#checkpoint/compatibility/rule";
import { type CheckGroup, fail, ok, warn } from "#checkpoint/doctor/check";

const subject = "cluster";

/** The API server answers, and its version is one we know the kubelets of. */
export const apiServer: CheckGroup = {
  name: "api-server",
  perNode: false,
  run: async ({ kube }) => {
    const { status, body } = await kube.raw("GET", "/version");
    if (status !== 200) {
      const cure = "check the kubeconfig: kubectl version";
      return [fail(subject, "api-server", `${kube.server} answers ${status} to /version`, cure)];
    }
    const { gitVersion = "" } = JSON.parse(body) as { readonly gitVersion?: string };
    const version = versionOf(gitVersion);
    if (!version || version[0] < 1 || version[1] < 25) {
      const cure = "upgrade to Kubernetes 1.30 or newer";
      return [fail(subject, "api-server", `Kubernetes ${gitVersion} cannot checkpoint`, cure)];
    }
    if (version[1] < 30) {
      const message = `Kubernetes ${gitVersion} has the checkpoint endpoint switched off by default`;
      const cure =
        "set featureGates.ContainerCheckpoint: true on every kubelet, or upgrade to 1.30";
      return [warn(subject, "api-server", message, cure)];
    }
    return [ok(subject, "api-server", `Kubernetes ${gitVersion} at ${kube.server}`)];
  },
};
