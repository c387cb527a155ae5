import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpsKubelet } from "#checkpoint/engine/kubelet-https";
import { startFakeKubelet, type FakeKubelet } from "#test/fakes/kubelet";

describe("the kubelet over HTTPS", () => {
  let root: string;
  let server: FakeKubelet;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "clouder-kubelet-"));
    server = await startFakeKubelet(root);
    server.containers.set("default/web/main", { id: "abc", memory: Buffer.alloc(10) });
  });
  afterEach(async () => {
    await server[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  const open = (change: Partial<Parameters<typeof httpsKubelet>[0]> = {}) =>
    httpsKubelet({
      host: server.host,
      port: server.port,
      tokenFile: server.tokenFile,
      servingCertificateFile: server.certificateFile,
      ...change,
    });
  const call = { timeoutSeconds: 3600 };

  it("I2 I3 dumps with the ServiceAccount's token, on a connection pinned to the node's certificate", async () => {
    const path = await open().checkpoint("default", "web", "main", call);
    expect(await readdir(server.archives)).toEqual([path.slice(path.lastIndexOf("/") + 1)]);
    expect(server.calls).toEqual([
      { namespace: "default", pod: "web", container: "main", query: "timeout=3600" },
    ]);
  });

  it("I2 sends nothing to a server with another certificate", async () => {
    const other = join(root, "other.crt");
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"].concat([
        ...["-keyout", join(root, "other.key"), "-out", other, "-subj", "/CN=x"],
      ]),
      { stdio: "ignore" },
    );
    await expect(
      open({ servingCertificateFile: other }).checkpoint("default", "web", "main", call),
    ).rejects.toMatchObject({ code: "refused" });
    expect(server.calls).toEqual([]);
  });

  it("I2 does not take a certificate of the cluster's authority for another host's", async () => {
    const trusted = { clusterCaFile: server.certificateFile, servingCertificateFile: "/nowhere" };
    await expect(open(trusted).checkpoint("default", "web", "main", call)).rejects.toMatchObject({
      code: "refused",
    });
  });

  it("I2 reads the token anew for each call", async () => {
    const kubelet = open();
    await writeFile(server.tokenFile, "expired");
    await expect(kubelet.checkpoint("default", "web", "main", call)).rejects.toMatchObject({
      code: "unauthenticated",
    });
    await writeFile(server.tokenFile, "token-of-the-agent\n");
    await kubelet.checkpoint("default", "web", "main", call);
  });

  it.each([
    ["default", "nope", "main", "not-found"],
    ["default", "web", "nope", "not-found"],
  ])("I2 names what is missing: %s/%s/%s", async (namespace, pod, container, code) => {
    await expect(open().checkpoint(namespace, pod, container, call)).rejects.toMatchObject({
      code,
    });
  });

  it("says so when nobody listens", async () => {
    await expect(
      open({ port: 1 }).checkpoint("default", "web", "main", call),
    ).rejects.toMatchObject({
      code: "unreachable",
      retryable: true,
    });
  });

  it("never breaks off a call under way, and makes none once it is cancelled", async () => {
    server.dumpMs = 200;
    const stop = new AbortController();
    const answer = open().checkpoint("default", "web", "main", { ...call, signal: stop.signal });
    setTimeout(() => {
      stop.abort();
    }, 60);
    expect(await answer).toContain("checkpoint-web_default-main-");
    await expect(
      open().checkpoint("default", "web", "main", { ...call, signal: stop.signal }),
    ).rejects.toMatchObject({ code: "cancelled" });
    expect(server.calls).toHaveLength(1);
  });
});
