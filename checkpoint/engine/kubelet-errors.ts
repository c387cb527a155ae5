import { ClouderError, type ErrorCode } from "#core/error";
import { printable } from "#core/redact";

export interface CheckpointTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

interface Row {
  readonly status: number;
  readonly text: RegExp;
  readonly code: ErrorCode;
  readonly message: (target: string, body: string) => string;
  readonly hint: string;
  readonly retryable?: boolean;
}

const installCriu =
  "install CRIU 3.16 or newer (4.2 or newer on kernel 6.16 and later) on the node, as docs/install.md shows";

/** First match wins: the narrower text stands before the wider one. */
const rows: readonly Row[] = [
  {
    status: 401,
    text: /./s,
    code: "unauthenticated",
    message: () => "the kubelet does not accept the agent's token",
    hint: "the kubelet needs authentication.webhook.enabled=true; restart the agent so that it gets a fresh token",
  },
  {
    status: 403,
    text: /nodes\/proxy|cannot create resource "nodes\/proxy"/,
    code: "denied",
    message: () => "the caller may not create nodes/proxy",
    hint: "the agent calls the kubelet directly and needs only nodes/checkpoint: kubectl clouder install",
  },
  {
    status: 403,
    text: /kube-apiserver-kubelet-client|apiserver-kubelet-client/,
    code: "denied",
    message: () =>
      "the API server's kubelet client may not create nodes/checkpoint, as on every current kubeadm cluster",
    hint: "let the agent call the kubelet: kubectl clouder install; or bind nodes/checkpoint: create to User kube-apiserver-kubelet-client",
  },
  {
    status: 403,
    text: /./s,
    code: "denied",
    message: (_, body) => `the kubelet refuses the agent: ${body}`,
    hint: "the agent's ServiceAccount needs nodes/checkpoint: create; apply it again: kubectl clouder install",
  },
  {
    status: 404,
    text: /pod does not exist/,
    code: "not-found",
    message: (target) => `the kubelet does not know the pod of ${target}`,
    hint: "the pod has gone or runs on another node: kubectl get pod -o wide",
  },
  {
    status: 404,
    text: /container .* does not exist/,
    code: "not-found",
    message: (target) => `there is no container ${target}`,
    hint: "see the pod's containers: kubectl get pod -o jsonpath='{.spec.containers[*].name}'",
  },
  {
    status: 404,
    text: /timeout parameter/,
    code: "internal",
    message: (_, body) => `the kubelet does not understand our timeout: ${body}`,
    hint: "please report this",
  },
  {
    status: 404,
    text: /./s,
    code: "unsupported",
    message: () => "this kubelet has no checkpoint endpoint",
    hint: "Kubernetes older than 1.30 needs the feature gate ContainerCheckpoint=true on the kubelet; all need enableDebuggingHandlers not to be false",
  },
  {
    status: 500,
    text: /code = Unimplemented|unknown method CheckpointContainer/,
    code: "unsupported",
    message: () => "the container runtime of this node cannot checkpoint",
    hint: "upgrade to containerd 2.0 or newer, or CRI-O 1.25 or newer",
  },
  {
    status: 500,
    text: /checkpoint\/restore support not available/,
    code: "unsupported",
    message: () => "CRI-O on this node runs without checkpoint support",
    hint: `set enable_criu_support = true and ${installCriu}; then restart CRI-O`,
  },
  {
    status: 500,
    text: /criu support is disabled by configuration/i,
    code: "unsupported",
    message: () => "the container runtime of this node has CRIU switched off",
    hint: "set enable_criu = true in containerd's CRI runtime section and restart containerd",
  },
  {
    status: 500,
    text: /criu binary not found|CRIU binary.*too old|criu.*executable file not found/i,
    code: "unsupported",
    message: () => "CRIU is missing or too old on this node",
    hint: installCriu,
  },
  {
    status: 500,
    text: /is in \S+ state|not running|only CONTAINER_RUNNING/i,
    code: "refused",
    message: (target) => `${target} is not running`,
    hint: "wait until the container runs: kubectl get pod -w",
  },
  {
    status: 500,
    text: /cannot pause a paused container|ctrd-checkpoint\/status: no such file|already being checkpointed/,
    code: "busy",
    message: (target) => `another checkpoint of ${target} is under way`,
    hint: "wait for the other one, then try again; a container left paused by a broken call needs its pod to be deleted",
    retryable: true,
  },
  {
    status: 500,
    text: /no space left on device/i,
    code: "no-space",
    message: () => "the node's disk became full while the archive was written",
    hint: "free room under /var/lib/kubelet, /var/lib/containerd and containerd's TMPDIR",
  },
  {
    status: 500,
    text: /criu failed|criu.*(dump|notify)|log file: /i,
    code: "criu",
    message: (target) => `CRIU could not dump ${target}`,
    hint: "the reason is in CRIU's dump log on the node, of which the decisive lines are shown where the runtime class clouder is used",
  },
  {
    status: 500,
    text: /DeadlineExceeded|context deadline exceeded/,
    code: "timeout",
    message: (target) => `the runtime did not finish the dump of ${target} in time`,
    hint: "the node's disk is too slow for the memory of this container: use the runtime class clouder, or a faster disk",
  },
  {
    status: 500,
    text: /code = Unavailable|containerd\.sock/,
    code: "unreachable",
    message: () => "the container runtime of this node does not answer the kubelet",
    hint: "look at systemctl status containerd on the node",
    retryable: true,
  },
];

const shownBodyLength = 600;

/** What an answer of the kubelet other than 200 means, and its cure. */
export function kubeletError(target: CheckpointTarget, status: number, body: string): ClouderError {
  const name = `${target.namespace}/${target.pod}/${target.container}`;
  const shown = printable(body.trim()).slice(0, shownBodyLength);
  const row = rows.find((candidate) => candidate.status === status && candidate.text.test(body));
  const details = { status, kubelet: shown };
  if (row) {
    return new ClouderError(row.code, row.message(name, shown), {
      hint: row.hint,
      retryable: row.retryable ?? false,
      details,
    });
  }
  // An empty 401, 403 or 404 has no text to match.
  const bare = rows.findLast((candidate) => candidate.status === status && status < 500);
  if (bare) {
    return new ClouderError(bare.code, bare.message(name, shown), { hint: bare.hint, details });
  }
  const busy = status === 429 || status === 503;
  return new ClouderError(
    busy ? "unreachable" : "remote-command",
    `the kubelet answered ${status} to the checkpoint of ${name}: ${shown}`,
    { hint: "look at the kubelet's log on the node", retryable: busy, details },
  );
}
