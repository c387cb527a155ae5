import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { nodePaths } from "#checkpoint/api/names";
import { parseDumpStatistics } from "#checkpoint/archive/dump-statistics";

export interface CallTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Without the `containerd://` in front. */
  readonly containerID: string;
}

export interface CallFigures {
  /** The kubelet's answer, seen on the node. */
  readonly callMilliseconds: number;
  /** Held to thawed as the shim saw it; absent for a plain call. */
  readonly frozenMilliseconds?: number;
  /** CRIU's own frozen time. */
  readonly criuFrozenMilliseconds: number;
  /** CRIU's whole dump, by the last line of its log. */
  readonly criuDumpMilliseconds: number;
  readonly archiveBytes: number;
  readonly spooledBytes: number;
}

const call = `
set -eu
read -r token
if [ "$3" = armed ]; then
  mkdir -p -m 700 "$2" && echo $(($(date +%s) + 120)) >"$2/armed"
fi
answer=$(printf 'header = "Authorization: Bearer %s"\\n' "$token" | curl -sSk -K - -X POST -w '\\n%{time_total}' "$1")
echo "seconds=$(echo "$answer" | tail -1)"
file=$(echo "$answer" | sed -n 's/.*"items":\\["\\([^"]*\\)".*/\\1/p')
[ -n "$file" ] || { echo "$answer" >&2; exit 1; }
echo "archive=$(stat -c %s "$file")"
echo "spooled=$(cat "$2"/pages-*.img 2>/dev/null | wc -c)"
echo "log=$(tar -xOf "$file" dump.log | tail -1)"
echo "stats=$(tar -xOf "$file" stats-dump | base64 -w0)"
cat "$2/timing" 2>/dev/null || true
rm -rf "$2" "$file"
`;

/**
 * One dump through the kubelet of this node, cleaned up afterwards. Bars, armed: frozen <= 1.2 x CRIU's
 * frozen time, call <= 1.4 x CRIU's dump, archive + spooled <= 1.1 x memory.
 */
export async function measureCall(
  node: NodeAccess,
  target: CallTarget,
  options: { readonly token: string; readonly armed: boolean; readonly kubelet: string },
): Promise<CallFigures> {
  const { namespace, pod, container, containerID } = target;
  const url = `${options.kubelet}/checkpoint/${namespace}/${pod}/${container}`;
  const spool = `${nodePaths.spool}/${containerID}`;
  const { stdout } = await node.run(
    ["sh", "-c", call, "call", url, spool, options.armed ? "armed" : "plain"],
    { stdin: `${options.token}\n` },
  );
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(stdout)?.[1] ?? "";
  const statistics = parseDumpStatistics(Buffer.from(value("stats"), "base64"));
  const frozen = value("frozen_ms");
  return {
    callMilliseconds: Number(value("seconds")) * 1000,
    ...(frozen === "" ? {} : { frozenMilliseconds: Number(frozen) }),
    criuFrozenMilliseconds: statistics?.frozenMilliseconds ?? Number.NaN,
    criuDumpMilliseconds: Number(/\((\d+\.\d+)\)/.exec(value("log"))?.[1]) * 1000,
    archiveBytes: Number(value("archive")),
    spooledBytes: Number(value("spooled")),
  };
}

/**
 * Command of a process that holds `mebibytes` of random memory and prints the longest time it stood
 * still since the last line: the freeze as the process itself sees it.
 */
export function standstillProgram(mebibytes: number): readonly string[] {
  const lines = [
    "import os,time",
    `heap=[os.urandom(1<<20) for _ in range(${mebibytes})]`,
    "print('ready',flush=True); last=time.monotonic()",
    "while True:",
    " time.sleep(0.001); now=time.monotonic()",
    " if now-last>0.05: print('gap_ms=%.1f'%((now-last)*1e3),flush=True)",
    " last=now",
  ];
  return ["python3", "-c", lines.join("\n")];
}
