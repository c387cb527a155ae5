import { configMaps, nodes } from "#kube/resources";
import { fieldManager } from "#checkpoint/api/names";
import { factsName } from "#checkpoint/api/node-facts";
import { checkpointStores, type NodeFacts } from "#checkpoint/api/types";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { componentLabels } from "#kube/install/labels";
import type { Kube } from "#kube/kube";
import type { Agent } from "#checkpoint/agent/agent";
import { errorFields } from "#checkpoint/agent/log";
import { gatherFacts, type NodeView } from "#checkpoint/agent/node-facts";

const everyMs = 30_000;

/** Gives the node's facts as of now. */
export function factsSource(
  agent: Pick<Agent, "kube" | "clock" | "nodeName">,
  view: NodeView,
  agentVersion: string,
): () => Promise<NodeFacts> {
  return async () => {
    const node = await agent.kube.get(nodes, { name: agent.nodeName });
    return gatherFacts(view, node, { agentVersion, now: agent.clock.now() });
  };
}

/** Publishes the node's facts every half minute until the agent ends. */
export async function publishFacts(
  agent: Agent,
  facts: () => Promise<NodeFacts>,
  namespace: string,
): Promise<void> {
  while (!agent.stopping.aborted) {
    try {
      const text = JSON.stringify(await facts());
      await agent.kube.apply(
        configMaps,
        {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: {
            name: factsName(agent.nodeName),
            namespace,
            labels: componentLabels("node-facts"),
          },
          data: { "facts.json": text },
        },
        fieldManager,
      );
    } catch (error) {
      agent.log("warn", "node facts not published", errorFields(error));
    }
    await agent.clock.sleep(everyMs, agent.stopping).catch(() => undefined);
  }
}

/** Folders of the file:// stores that this process can write to. */
export async function writableStoreFolders(kube: Kube): Promise<readonly string[]> {
  const stores = await kube.list(checkpointStores).catch(() => []);
  const urls = stores.map(({ spec }) => spec.url).filter((url) => url.startsWith("file:///"));
  const folders = await Promise.all(
    urls.map(async (url) => {
      const folder = fileURLToPath(url);
      const writable = access(folder, constants.W_OK).then(
        () => [folder],
        () => [],
      );
      return writable;
    }),
  );
  return folders.flat();
}
