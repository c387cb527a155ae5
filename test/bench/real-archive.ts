import { stat } from "node:fs/promises";
import { join } from "node:path";
import { identityOf, machineRootOf } from "#bootstrap/providers/local/identity";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { agentToken, container, kubelet, withMeasuredPod } from "#test/bench/measured-pod";
import type { LabCluster } from "#test/lab/lab-cluster";
import { runProgram } from "#test/lab/run-program";

const call = `
set -eu
read -r token
answer=$(printf 'header = "Authorization: Bearer %s"\\n' "$token" | curl -sSk -K - -X POST "$1")
file=$(echo "$answer" | sed -n 's/.*"items":\\["\\([^"]*\\)".*/\\1/p')
[ -n "$file" ] || { echo "$answer" >&2; exit 1; }
echo "$file"
`;

/** Takes the kubelet's archive of a process with such a heap, whole as the plain way gives it. */
export async function takeArchive(
  cluster: LabCluster,
  mebibytes: number,
  target: string,
): Promise<void> {
  const name = `bench-heap-${mebibytes}`;
  const command = heapProgram(mebibytes);
  await withMeasuredPod(cluster, { name, command }, async ({ access }) => {
    const file = await askKubelet(access, name, await agentToken(cluster));
    // Machines of the local provider are folders of this host.
    const folder = join(cluster.home, ".clouder", "kubeadm", cluster.name);
    const root = machineRootOf(identityOf(cluster.name, folder), cluster.nodes[0]);
    await runProgram(["mv", join(root, file), target]);
  });
  if ((await stat(target)).size < mebibytes * 2 ** 20) {
    throw new Error(`${target} does not hold the heap`);
  }
}

async function askKubelet(access: NodeAccess, pod: string, token: string): Promise<string> {
  const url = `${kubelet}/checkpoint/default/${pod}/${container}?timeout=600`;
  const { stdout } = await access.run(["sh", "-c", call, "call", url], { stdin: `${token}\n` });
  return stdout.trim();
}

/**
 * Half of the heap is random bytes, the other half objects with counts and pointers, and text, in
 * runs of 64 KiB: what programs hold lies between the two.
 */
function heapProgram(mebibytes: number): readonly string[] {
  const lines = [
    "import os,random,struct,time",
    "random.seed(7); rand=random.randrange; run=65536",
    "words=b'request response session memory pointer object string number array value'.split()",
    "def text(): return b' '.join(random.choices(words,k=run//5))[:run]",
    "def thing(n): return struct.pack('<QQQQ',1+rand(3),0x55d0c0a01000+rand(4)*416,0x7f0000000000+n*48,rand(40))",
    "def objects(): return b''.join(thing(n) for n in range(run//32))",
    "pool=[text() if n%3==0 else objects() for n in range(256)]",
    "heap=[]",
    `for n in range(${mebibytes}):`,
    " block=bytearray()",
    " for k in range(8):",
    "  part=bytearray(pool[rand(256)]); struct.pack_into('<Q',part,8*rand(8192),n*8+k)",
    "  block+=os.urandom(run); block+=part",
    " heap.append(block)",
    "print('ready',flush=True)",
    "while True: time.sleep(1)",
  ];
  return ["python3", "-c", lines.join("\n")];
}
