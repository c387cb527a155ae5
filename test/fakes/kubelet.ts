import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";

export interface FakeTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * The kubelet's checkpoint endpoint with containerd behind it: HTTPS with a certificate it has signed
 * itself for its host name only, bearer tokens, the kubelet's texts and statuses for unknown pods,
 * containers and timeouts, containerd's refusal of a second dump of a container under way, archives
 * named and laid out as theirs. For an armed container it does what the runtime handler does: pages
 * into the spool, timing beside them. Not modelled: rights of a token beyond known or unknown.
 */
export interface FakeKubelet extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly certificateFile: string;
  readonly tokenFile: string;
  readonly archives: string;
  /** Containers that run, as `namespace/pod/container`, with their id and memory. */
  readonly containers: Map<string, { readonly id: string; readonly memory: Buffer }>;
  readonly calls: (FakeTarget & { readonly query: string })[];
  /** Dumps at once at the most so far. */
  readonly mostAtOnce: () => number;
  /** How long a dump takes. */
  dumpMs: number;
  /** Answers instead of a dump; undefined goes on with the dump. */
  intercept: ((target: FakeTarget) => FakeAnswer | undefined) | undefined;
}

export async function startFakeKubelet(folder: string): Promise<FakeKubelet> {
  const archives = join(folder, "checkpoints");
  const spool = join(folder, "spool");
  const token = "token-of-the-agent";
  await mkdir(archives, { recursive: true });
  const files = {
    key: join(folder, "kubelet.key"),
    certificate: join(folder, "kubelet.crt"),
    token: join(folder, "token"),
  };
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-keyout", files.key, "-out", files.certificate, "-days", "2"],
      ...["-subj", "/CN=node1@1700000000", "-addext", "subjectAltName=DNS:node1"],
    ],
    { stdio: "ignore" },
  );
  await writeFile(files.token, `${token}\n`, { mode: 0o600 });
  const under = new Set<string>();
  let most = 0;

  const dump = async (target: FakeTarget): Promise<FakeAnswer> => {
    const name = `${target.namespace}/${target.pod}/${target.container}`;
    const running = fake.containers.get(name);
    const known = [...fake.containers.keys()].map((key) => key.slice(0, key.lastIndexOf("/")));
    if (!known.includes(`${target.namespace}/${target.pod}`)) {
      return { status: 404, body: "pod does not exist" };
    }
    if (!running) return { status: 404, body: `container ${target.container} does not exist` };
    if (under.has(name)) {
      const why = "rpc error: code = Unknown desc = cannot pause a paused container: unknown";
      return { status: 500, body: `checkpointing of ${name} failed (${why})` };
    }
    under.add(name);
    most = Math.max(most, under.size);
    const stamp = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const base = `checkpoint-${target.pod}_${target.namespace}-${target.container}-${stamp}.tar`;
    try {
      await new Promise((resolve) => setTimeout(resolve, fake.dumpMs));
      const diverted = await divert(join(spool, running.id), running.memory);
      await writeArchive(join(archives, base), running.memory, diverted);
    } finally {
      under.delete(name);
    }
    // What a real kubelet says: the path on the node.
    return { status: 200, body: JSON.stringify({ items: [join(archives, base)] }) };
  };

  const answer = async (
    path: string,
    query: string,
    authorization: string | undefined,
  ): Promise<FakeAnswer> => {
    if (authorization !== `Bearer ${token}`) return { status: 401, body: "Unauthorized" };
    const [, route, namespace = "", pod = "", container = ""] = path.split("/");
    if (route !== "checkpoint") return { status: 404, body: "404 page not found" };
    if (!/^timeout=\d+$/.test(query)) {
      return { status: 404, body: "cannot parse value of timeout parameter" };
    }
    const target = { namespace, pod, container };
    fake.calls.push({ ...target, query });
    return fake.intercept?.(target) ?? dump(target);
  };

  const server = createServer(
    { key: await readFile(files.key), cert: await readFile(files.certificate) },
    (request, response) => {
      const url = new URL(request.url ?? "/", "https://kubelet");
      void answer(url.pathname, url.search.slice(1), request.headers.authorization).then(
        ({ status, body }) => {
          response.statusCode = status;
          response.end(body);
        },
      );
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: FakeKubelet = {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    certificateFile: files.certificate,
    tokenFile: files.token,
    archives,
    containers: new Map(),
    calls: [],
    mostAtOnce: () => most,
    dumpMs: 20,
    intercept: undefined,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(archives, { recursive: true, force: true });
    },
  };
  return fake;
}

/** The handler's part of a dump: only where the agent has armed the container. */
async function divert(spool: string, memory: Buffer): Promise<boolean> {
  const until = Number(await readFile(join(spool, "armed"), "utf8").catch(() => "0"));
  if (until * 1000 < Date.now()) return false;
  await writeFile(join(spool, "pages-1.img"), memory);
  await writeFile(join(spool, "timing"), "frozen_ms=12\nway=thawed,diverted\n");
  return true;
}

async function writeArchive(file: string, memory: Buffer, diverted: boolean): Promise<void> {
  const tar = pack();
  const entry = (name: string, content: Buffer | string) => {
    tar.entry({ name, mode: 0o600, mtime: new Date(0) }, content);
  };
  const folder = (name: string) => {
    tar.entry({ name, type: "directory", mode: 0o700, mtime: new Date(0) });
  };
  folder("checkpoint/");
  entry("checkpoint/inventory.img", "inventory");
  entry("checkpoint/pages-1.img", diverted ? "" : memory);
  if (diverted) entry("checkpoint/clouder-upper.tar", Buffer.alloc(1024));
  entry("config.dump", "{}");
  entry("rootfs-diff.tar", "");
  entry("spec.dump", JSON.stringify({ ociVersion: "1.2.0" }));
  entry("status.dump", "{}");
  tar.finalize();
  await pipeline(tar, createWriteStream(file, { mode: 0o600 }));
}
