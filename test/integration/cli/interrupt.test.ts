import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runningPod } from "#test/unit/checkpoint/engine/scripted-agent";
import { json, scriptedServer, type ScriptedServer } from "#test/unit/kube/api-server";

const root = join(import.meta.dirname, "../../..");
let folder = "";
let server: ScriptedServer;
/** Whether the DELETE of the Checkpoint is answered. */
let removes = true;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-interrupt-"));
  removes = true;
  server = await scriptedServer(({ method, path, query, body }, response) => {
    if (path.endsWith("/pods/notebook")) json(response, 200, runningPod("notebook"));
    else if (method === "POST") json(response, 201, JSON.parse(body));
    else if (method === "DELETE") {
      if (removes) json(response, 200, {});
    } else if (query["watch"] === "true") response.writeHead(200).flushHeaders();
    else {
      const made = JSON.parse(
        server.seen.find((one) => one.method === "POST")?.body ?? "{}",
      ) as object;
      json(response, 200, { items: [made], metadata: { resourceVersion: "1" } });
    }
  });
  const cluster = { server: server.transport.server, "insecure-skip-tls-verify": true };
  await writeFile(
    join(folder, "kubeconfig"),
    JSON.stringify({
      clusters: [{ name: "c", cluster }],
      users: [{ name: "u", user: { token: "t" } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      "current-context": "c",
    }),
  );
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

function start(...args: readonly string[]): { child: ChildProcess; stderr: () => string } {
  const child = spawn(join(root, "bin/kubectl-clouder"), [...args], {
    env: { ...process.env, KUBECONFIG: join(folder, "kubeconfig") },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (chunk: Uint8Array) => (text += Buffer.from(chunk).toString()));
  return { child, stderr: () => text };
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 20));
}

const isWatched = () => server.seen.some(({ query }) => query["watch"] === "true");

describe("Ctrl-C", () => {
  it("once: removes the unfinished Checkpoint, says so and ends with 130", async () => {
    const { child, stderr } = start("checkpoint", "pod", "notebook");
    await until(isWatched);
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([130, null]);
    const made = JSON.parse(server.seen.find(({ method }) => method === "POST")?.body ?? "") as {
      readonly metadata: { readonly name: string };
    };
    const removed = server.seen.filter(({ method }) => method === "DELETE");
    expect(removed.map(({ path }) => path)).toEqual([
      expect.stringMatching(new RegExp(`/namespaces/default/checkpoints/${made.metadata.name}$`)),
    ]);
    expect(stderr()).toContain(made.metadata.name);
    expect(stderr()).toContain("(cancelled)");
  });

  it("twice: ends at once, whatever the clean-up waits for", async () => {
    removes = false;
    const { child } = start("checkpoint", "pod", "notebook");
    await until(isWatched);
    child.kill("SIGINT");
    await until(() => server.seen.some(({ method }) => method === "DELETE"));
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([130, null]);
  });
});
