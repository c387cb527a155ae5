import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ensurePart } from "./cache.ts";
import { otherContainerd } from "./go-programs.ts";
import { ensureGo } from "./host-tools.ts";
import type { LabCluster } from "./lab-cluster.ts";
import { progressOf } from "./progress.ts";
import { versions } from "./versions.ts";

const programs = ["containerd", "containerd-shim-runc-v2", "ctr"];
const folderOnNode = "/usr/local/bin";

/**
 * Puts an older containerd in place of the bundle's on one node, building it first when it is not in the
 * cache; `undo` brings the bundle's back. Containers go on running both times.
 */
export async function useOtherContainerd(
  cluster: LabCluster,
  node: string,
  say: (line: string) => void = () => undefined,
): Promise<{ readonly version: string; readonly undo: () => Promise<void> }> {
  ensureGo();
  const folder = await ensurePart(otherContainerd, progressOf(1, say));
  const onNode = (script: string) => cluster.onNode(node, ["sh", "-ec", script]);
  const each = (command: string) =>
    `cd ${folderOnNode}; for name in ${programs.join(" ")}; do ${command}; done`;
  await served(folder, cluster.gateway, async (endpoint) => {
    await onNode(
      each(
        `curl -fsS -o $name.other ${endpoint}/$name; chmod 755 $name.other; [ -e $name.bundle ] || cp -p $name $name.bundle; mv $name.other $name`,
      ),
    );
  });
  await onNode("systemctl restart containerd");
  return {
    version: versions.otherContainerd,
    undo: async () => {
      await onNode(`${each("mv $name.bundle $name")}; systemctl restart containerd`);
    },
  };
}

/** Serves the programs in `folder` over HTTP on the machines' bridge while `work` runs. */
async function served(
  folder: string,
  host: string,
  work: (endpoint: string) => Promise<void>,
): Promise<void> {
  const server = createServer((request, response) => {
    const name = (request.url ?? "").slice(1);
    if (!programs.includes(name)) response.writeHead(404).end();
    else pipeline(createReadStream(join(folder, name)), response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  try {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await work(`http://${host}:${port}`);
  } finally {
    server.close();
  }
}
