import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connectInCluster, connectKube, listContexts } from "#kube/connect";
import { openInCluster } from "#kube/in-cluster";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-kubeconfig-"));
});
afterEach(() => rm(folder, { recursive: true }));

interface Entry {
  readonly name: string;
  readonly server?: string;
  readonly namespace?: string;
  readonly user?: object;
  readonly current?: boolean;
}

async function kubeconfig(file: string, ...entries: readonly Entry[]): Promise<string> {
  const path = join(folder, file);
  await writeFile(
    path,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: entries.map(({ name, server = `https://${name}:6443/` }) => ({
        name,
        cluster: {
          server,
          ...(server.startsWith("http:") ? { "insecure-skip-tls-verify": true } : {}),
        },
      })),
      users: entries.map(({ name, user = { token: "t" } }) => ({ name, user })),
      contexts: entries.map(({ name, namespace }) => ({
        name,
        context: { cluster: name, user: name, ...(namespace === undefined ? {} : { namespace }) },
      })),
      "current-context": entries.find(({ current }) => current)?.name,
    }),
  );
  return path;
}

it("takes the current context and its namespace, or the one that was asked for", async () => {
  const file = await kubeconfig(
    "a",
    { name: "one", current: true, namespace: "ns" },
    { name: "two" },
  );
  expect(await connectKube({ kubeconfig: file })).toMatchObject({
    context: "one",
    server: "https://one:6443",
    namespace: "ns",
  });
  expect(await connectKube({ kubeconfig: file, context: "two" })).toMatchObject({
    context: "two",
    namespace: "default",
  });
});

it("merges several files as kubectl does: the first to name something wins, missing ones are skipped", async () => {
  const first = await kubeconfig("a", { name: "one", server: "https://first" });
  const second = await kubeconfig(
    "b",
    { name: "one", server: "https://second" },
    { name: "two", current: true },
  );
  const kubeconfigs = [join(folder, "missing"), first, second].join(":");
  expect((await connectKube({ kubeconfig: kubeconfigs })).context).toBe("two");
  expect((await connectKube({ kubeconfig: kubeconfigs, context: "one" })).server).toBe(
    "https://first",
  );
  expect(await listContexts(kubeconfigs)).toEqual(["one", "two"]);
});

it("says which file is missing or broken, and which contexts there are", async () => {
  const broken = join(folder, "broken");
  await writeFile(broken, "clusters: [");
  const file = await kubeconfig("a", { name: "one" });
  await expect(connectKube({ kubeconfig: join(folder, "none") })).rejects.toMatchObject({
    code: "config",
    message: expect.stringContaining(join(folder, "none")) as string,
  });
  await expect(connectKube({ kubeconfig: broken })).rejects.toMatchObject({
    code: "config",
    message: expect.stringContaining("broken") as string,
  });
  await expect(connectKube({ kubeconfig: file })).rejects.toMatchObject({
    message: expect.stringMatching(/no current/) as string,
  });
  await expect(connectKube({ kubeconfig: file, context: "tow" })).rejects.toMatchObject({
    message: expect.stringMatching(/"tow"/) as string,
    hint: expect.stringMatching(/one/) as string,
  });
});

it("asks an exec plugin for the token, and tells it what client-go would", async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const told = join(folder, "told");
  const plugin = join(folder, "plugin");
  const answer = JSON.stringify({ kind: "ExecCredential", status: { token: "from-plugin" } });
  await writeFile(
    plugin,
    `#!/bin/sh\nprintf '%s' "$KUBERNETES_EXEC_INFO" > ${told}\necho '${answer}'\n`,
    {
      mode: 0o755,
    },
  );
  const apiVersion = "client.authentication.k8s.io/v1";
  const file = await kubeconfig("a", {
    name: "one",
    current: true,
    server: `http://127.0.0.1:${port}`,
    user: { exec: { apiVersion, command: plugin, interactiveMode: "Never" } },
  });
  const kube = await connectKube({ kubeconfig: file });
  expect((await kube.raw("GET", "/version")).status).toBe(200);
  expect(seen).toEqual(["Bearer from-plugin"]);
  expect(JSON.parse(await readFile(told, "utf8"))).toMatchObject({
    kind: "ExecCredential",
    apiVersion,
  });
  server.close();
  server.closeAllConnections();
});

it("a login helper that fails is unauthenticated, with what it said", async () => {
  const file = await kubeconfig("a", {
    name: "one",
    current: true,
    user: { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "/bin/false" } },
  });
  const kube = await connectKube({ kubeconfig: file });
  await expect(kube.raw("GET", "/version")).rejects.toMatchObject({ code: "unauthenticated" });
});

it("in a cluster: the ServiceAccount's folder and nothing else; outside of one it says so", async () => {
  await writeFile(join(folder, "ca.crt"), "");
  await writeFile(join(folder, "namespace"), "clouder-system\n");
  await writeFile(join(folder, "token"), "first\n");
  const transport = await openInCluster({ host: "fd00::1", port: "443", folder });
  expect(transport).toMatchObject({ server: "https://[fd00::1]:443", namespace: "clouder-system" });
  expect((await transport.options()).headers).toEqual({ Authorization: "Bearer first" });
  await expect(connectInCluster({})).rejects.toMatchObject({ code: "config" });
});
