import type { Node } from "#kube/objects";
import { isBelow, versionOf } from "#checkpoint/compatibility/rule";
import {
  type CheckGroup,
  fail,
  type Finding,
  nodeSubject,
  ok,
  type Patient,
  warn,
} from "#checkpoint/doctor/check";

interface KubeletConfig {
  readonly enableDebuggingHandlers?: boolean;
  readonly featureGates?: Readonly<Record<string, boolean>>;
  readonly seccompDefault?: boolean;
  readonly runtimeRequestTimeout?: string;
}

/** Settings of the kubelets that the checkpoint endpoint depends on, where the caller may see them. */
export const kubelet: CheckGroup = {
  name: "kubelet",
  perNode: true,
  run: async (patient) => {
    const nodes = await patient.nodes();
    return (await Promise.all(nodes.map((node) => look(node, patient)))).flat();
  },
};

async function look(node: Node, { kube, signal }: Patient): Promise<readonly Finding[]> {
  const { name } = node.metadata;
  const subject = nodeSubject(name);
  const path = `/api/v1/nodes/${name}/proxy/configz`;
  const { status, body } = await kube.raw("GET", path, { signal });
  const version = node.status?.nodeInfo?.kubeletVersion ?? "";
  if (status === 403 || status === 401) {
    const gate = judgeGate(subject, version, {});
    const message = "its settings were not looked at: you may not get nodes/proxy";
    const cure = "run doctor as an administrator";
    return [...gate, warn(subject, "kubelet-config", message, cure)];
  }
  if (status === 404) return [noHandlers(subject)];
  if (status !== 200) {
    const message = `the kubelet cannot be asked: ${status} ${body.slice(0, 120).trim()}`;
    const cure = `is the node up and port 10250 open to the API server? kubectl describe node ${name}`;
    return [warn(subject, "kubelet-config", message, cure)];
  }
  const { kubeletconfig: config = {} } = JSON.parse(body) as { kubeletconfig?: KubeletConfig };
  if (config.enableDebuggingHandlers === false) return [noHandlers(subject)];
  return [...judgeGate(subject, version, config.featureGates ?? {}), seccomp(subject, config)];
}

/** The endpoint's gate is on by default since 1.30; 404 "page not found" is what its absence gives. */
function judgeGate(
  subject: string,
  kubeletVersion: string,
  gates: Readonly<Record<string, boolean>>,
): readonly Finding[] {
  const version = versionOf(kubeletVersion);
  const byDefault = version !== undefined && !isBelow(version, [1, 30]);
  const on = gates["ContainerCheckpoint"] ?? byDefault;
  if (on) return [ok(subject, "kubelet-route", `kubelet ${kubeletVersion} offers the endpoint`)];
  const message = "the kubelet's checkpoint endpoint is switched off";
  const cure =
    "remove featureGates.ContainerCheckpoint: false from the kubelet's configuration, or set it to true before 1.30; then restart the kubelet";
  return [fail(subject, "kubelet-route", message, cure)];
}

function noHandlers(subject: string): Finding {
  const message = "enableDebuggingHandlers is false, which takes the checkpoint endpoint away";
  const cure = "set enableDebuggingHandlers: true in the kubelet's configuration and restart it";
  return fail(subject, "kubelet-route", message, cure);
}

function seccomp(subject: string, { seccompDefault }: KubeletConfig): Finding {
  return seccompDefault === true
    ? ok(subject, "seccomp-default", "pods get the runtime's seccomp profile by default")
    : warn(
        subject,
        "seccomp-default",
        "seccompDefault is off: programs may use io_uring, which cannot be dumped",
        "set seccompDefault: true in the kubelet's configuration, or seccompProfile: RuntimeDefault on pods",
      );
}
