import type { NodeAccess } from "#bootstrap/nodes/node-access";
import type { PlanContext } from "#bootstrap/steps/step";
import { ClouderError, hasCode, type ErrorInit } from "#core/error";

export interface KubeadmCall {
  readonly command: readonly string[];
  /** Configuration; it may hold a token, so it lies in a 0600 file that is removed at once. */
  readonly file: string;
  readonly secrets: readonly string[];
}

/**
 * `$1` is the configuration's size: half of one, whose sender has died, is no configuration. One
 * kubeadm at a time on a machine: an earlier run of ours may still be at work after a kill.
 */
const script = `
umask 077
mkdir -p /run/clouder-kubeadm
file=$(mktemp /run/clouder-kubeadm/XXXXXXXX)
trap 'rm -f "$file"' EXIT
cat > "$file"
[ "$(stat -c %s "$file")" = "$1" ] || { echo "the configuration did not arrive whole" >&2; exit 1; }
shift
kubeadm config validate --config "$file" >&2
flock -w 300 /run/clouder-kubeadm.lock kubeadm "$@" --config "$file" 2>&1
`;

/** Runs kubeadm with a configuration; on failure the error tells why the node did not come up. */
export async function runKubeadm(
  context: PlanContext,
  access: NodeAccess,
  call: KubeadmCall,
): Promise<void> {
  const hide = (text: string) =>
    call.secrets.reduce((shown, secret) => shown.replaceAll(secret, "[redacted]"), text);
  const size = String(Buffer.byteLength(call.file));
  try {
    await access.run(["sh", "-ec", script, "sh", size, ...call.command], {
      stdin: call.file,
      timeoutMs: 600_000,
      signal: context.signal,
      onLine: (line) => {
        context.report({ type: "note", level: "debug", host: access.host, message: hide(line) });
      },
    });
  } catch (error) {
    if (!hasCode(error, "remote-command")) throw error;
    throw await failure(access, call, error, hide);
  }
}

async function failure(
  access: NodeAccess,
  call: KubeadmCall,
  error: ClouderError,
  hide: (text: string) => string,
): Promise<ClouderError> {
  const said = error.details["output"];
  const lines = (Array.isArray(said) ? said.map(String) : []).map(hide);
  const journal = await access.run(
    ["journalctl", "-u", "kubelet", "-n", "200", "--no-pager", "-o", "cat"],
    { allowFailure: true },
  );
  const decisive = journal.stdout
    .split("\n")
    .filter((line) => /^[EF]\d{4}|"?err"?=|failed to run Kubelet/.test(line))
    .slice(-5)
    .map(hide);
  const init: ErrorInit = {
    hint:
      causeOf([...lines, ...decisive].join("\n")) ??
      `on ${access.host}: journalctl -u kubelet; then run the command again`,
    details: { host: access.host, output: lines, kubelet: decisive },
    cause: error,
  };
  const last = lines
    .filter((line) => line.trim() !== "")
    .slice(-3)
    .join(" | ");
  return new ClouderError(
    "remote-command",
    `kubeadm ${call.command[0] ?? ""} on ${access.host} failed: ${last}`,
    init,
  );
}

/** Cures of the failures that people meet most. */
function causeOf(text: string): string | undefined {
  const causes: readonly (readonly [RegExp, string])[] = [
    [/Port-\d+|address already in use/, "another program holds a port of Kubernetes: stop it"],
    [/swap/i, "turn swap off on that machine (swapoff -a)"],
    [/cgroup v1/i, "boot that machine with cgroup v2"],
    [
      /misconfiguration: kubelet cgroup driver/,
      "containerd and kubelet disagree on the cgroup driver",
    ],
    [
      /certificate signed by unknown authority/,
      "that machine holds certificates of another cluster",
    ],
    [
      /ImagePull|failed to pull image/,
      "the bundle or the registry lacks an image that kubeadm wants",
    ],
  ];
  return causes.find(([pattern]) => pattern.test(text))?.[1];
}
