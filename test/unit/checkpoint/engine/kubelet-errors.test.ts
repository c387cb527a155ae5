import { describe, expect, it } from "vitest";
import type { ErrorCode } from "#core/error";
import { kubeletError } from "#checkpoint/engine/kubelet-errors";

const target = { namespace: "ns", pod: "web", container: "main" };
const failed = (why: string) => `checkpointing of ns/web/main failed (${why})`;

const table: readonly (readonly [number, string, ErrorCode, RegExp, boolean])[] = [
  [401, "Unauthorized", "unauthenticated", /authentication\.webhook/, false],
  [401, "", "unauthenticated", /authentication\.webhook/, false],
  [
    403,
    'nodes "n1" is forbidden: User "u" cannot create resource "nodes/proxy"',
    "denied",
    /only nodes\/checkpoint/,
    false,
  ],
  [
    403,
    "Forbidden (user=kube-apiserver-kubelet-client, verb=create, resource=nodes, subresource(s)=[checkpoint])",
    "denied",
    /bind nodes\/checkpoint: create/,
    false,
  ],
  [
    403,
    "Forbidden (user=system:serviceaccount:clouder-system:clouder-agent, verb=create, resource=nodes, subresource(s)=[checkpoint])",
    "denied",
    /ServiceAccount needs nodes\/checkpoint/,
    false,
  ],
  [404, "404 page not found", "unsupported", /ContainerCheckpoint=true/, false],
  [404, "pod does not exist", "not-found", /another node/, false],
  [404, "container main does not exist", "not-found", /spec\.containers/, false],
  [404, "cannot parse value of timeout parameter", "internal", /report/, false],
  [
    500,
    failed(
      "rpc error: code = Unimplemented desc = unknown method CheckpointContainer for service runtime.v1.RuntimeService",
    ),
    "unsupported",
    /containerd 2\.0/,
    false,
  ],
  [
    500,
    failed("rpc error: code = Unknown desc = checkpoint/restore support not available"),
    "unsupported",
    /enable_criu_support/,
    false,
  ],
  [
    500,
    failed("rpc error: CRIU binary not found or too old (<31600)"),
    "unsupported",
    /CRIU 3\.16/,
    false,
  ],
  [
    500,
    failed("criu binary not found in shim path or system PATH"),
    "unsupported",
    /CRIU 3\.16/,
    false,
  ],
  [
    500,
    failed("criu support is disabled by configuration"),
    "unsupported",
    /enable_criu = true/,
    false,
  ],
  [
    500,
    failed(
      'container "abc" is in CONTAINER_EXITED state. only CONTAINER_RUNNING can be checkpointed',
    ),
    "refused",
    /wait until the container runs/,
    false,
  ],
  [
    500,
    failed("rpc error: code = Unknown desc = cannot pause a paused container: unknown"),
    "busy",
    /wait for the other one/,
    true,
  ],
  [
    500,
    failed("open /var/lib/containerd/x/ctrd-checkpoint/status: no such file or directory"),
    "busy",
    /wait for the other one/,
    true,
  ],
  [
    500,
    failed(
      "runc did not terminate successfully: criu failed: type NOTIFY errno 0\nlog file: /run/x/dump.log",
    ),
    "criu",
    /dump log/,
    false,
  ],
  [
    500,
    failed("criu failed: type DUMP errno 0 log file: /run/x/dump.log"),
    "criu",
    /dump log/,
    false,
  ],
  [
    500,
    failed("write /var/lib/kubelet/checkpoints/x.tar: no space left on device"),
    "no-space",
    /free room/,
    false,
  ],
  [
    500,
    failed("rpc error: code = DeadlineExceeded desc = context deadline exceeded"),
    "timeout",
    /runtime class clouder/,
    false,
  ],
  [
    500,
    failed(
      "rpc error: code = Unavailable desc = connection error: dial unix /run/containerd/containerd.sock",
    ),
    "unreachable",
    /systemctl status containerd/,
    true,
  ],
  [500, failed("something else"), "remote-command", /kubelet's log/, false],
  [503, "busy", "unreachable", /kubelet's log/, true],
];

describe("an answer of the kubelet", () => {
  it.each(table)("I2 %i %s becomes %s with its cure", (status, body, code, cure, retryable) => {
    const error = kubeletError(target, status, body);
    expect(error.code).toBe(code);
    expect(error.hint).toMatch(cure);
    expect(error.retryable).toBe(retryable);
    expect(error.message).not.toMatch(/\.$/);
  });

  it("I2 shows a kubelet's text without control characters and not all of a long one", () => {
    const error = kubeletError(target, 500, `\u001b[31m${"x".repeat(5_000)}`);
    expect(error.message).toContain("\\u001b[31m");
    expect(error.message.length).toBeLessThan(1_000);
  });
});
