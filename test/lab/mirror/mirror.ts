import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";
import { ensurePart } from "../cache.ts";
import { ensureGo, ensurePrograms } from "../host-tools.ts";
import { progressOf } from "../progress.ts";
import { runProgram } from "../run-program.ts";
import { makeSigningKey, releaseText, type SigningKey } from "./apt-index.ts";
import { mirrorContent, places } from "./content.ts";
import { registryProgram, startRegistry } from "./registry.ts";

/** Copies of the vendors' repositories and registries on this host, signed for this run. */
export interface Mirror {
  /** https://HOST:PORT; below it kubernetes, docker and criu. */
  readonly packages: string;
  /** HOST:PORT with every image, and with none. */
  readonly registry: string;
  readonly emptyRegistry: string;
  /** File of the authority of all certificates. */
  readonly ca: string;
  readonly fingerprint: string;
  /** Paths of the packages that machines fetched. */
  readonly fetched: readonly string[];
  /** Signs the lists anew, with the published key or with a strange one. */
  readonly sign: (by: "own" | "strange") => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts the mirror at an address of this host; what it serves is built when it is not cached. */
export async function startMirror(
  host: string,
  bundle: string,
  say: (line: string) => void = () => undefined,
): Promise<Mirror> {
  ensureGo();
  await ensurePrograms(["gpg", "openssl"], say);
  const progress = progressOf(2, say);
  const program = await ensurePart(registryProgram, progress);
  const content = await ensurePart(mirrorContent(bundle, program), progress);
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "clouder-mirror-"));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const tls = await makeCertificates(folder, host);
  const keys = {
    own: await makeSigningKey(join(folder, "own")),
    strange: await makeSigningKey(join(folder, "strange")),
  };
  for (const key of Object.values(keys)) undo.defer(() => key.close());
  const apt = join(content, "apt");
  const sign = (by: keyof typeof keys) => signRepositories(apt, folder, keys[by], keys.own.armored);
  await sign("own");
  const fetched: string[] = [];
  const server = await serve(host, tls, [join(folder, "signed"), apt], (path) =>
    fetched.push(path),
  );
  undo.defer(() => server.stop());
  const registries = { program, host, folder, tls, readOnly: true };
  const full = await startRegistry({ ...registries, content: join(content, "registry") });
  undo.defer(() => full.stop());
  await mkdir(join(folder, "empty"));
  const empty = await startRegistry({ ...registries, content: join(folder, "empty") });
  undo.defer(() => empty.stop());
  const kept = undo.move();
  return {
    packages: server.endpoint,
    registry: new URL(full.endpoint).host,
    emptyRegistry: new URL(empty.endpoint).host,
    ca: tls.authority,
    fingerprint: keys.own.fingerprint,
    fetched,
    sign,
    stop: () => kept.disposeAsync(),
  };
}

/** Release files and keys, beside the cached lists that they sign. */
async function signRepositories(
  apt: string,
  folder: string,
  key: SigningKey,
  published: string,
): Promise<void> {
  const lists = [
    { place: places.kubernetes, list: "Packages", facts: {}, key: "Release.key", release: "" },
    { place: places.criu, list: "Packages", facts: {}, key: "Release.key", release: "" },
    {
      ...{ place: places.docker, list: `${places.dockerList}/Packages`, key: "gpg" },
      ...{ facts: { suite: "trixie", component: "stable" }, release: "dists/trixie" },
    },
  ];
  for (const { place, list, facts, key: keyFile, release } of lists) {
    const target = join(folder, "signed", place);
    await mkdir(join(target, release), { recursive: true });
    const named = release === "" ? list : list.slice(release.length + 1);
    const text = await releaseText(join(apt, place, list), named, facts);
    await writeFile(join(target, release, "InRelease"), await key.sign(text));
    await writeFile(join(target, keyFile), published);
  }
}

interface Certificates {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

async function makeCertificates(folder: string, host: string): Promise<Certificates> {
  const at = (name: string) => join(folder, name);
  const request = [
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ...["-nodes", "-days", "2"],
  ];
  await runProgram([
    ...[...request, "-subj", "/CN=kubectl-clouder lab authority"],
    ...["-keyout", at("ca.key"), "-out", at("ca.pem")],
  ]);
  await runProgram([
    ...[...request, "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-subj", "/CN=mirror"],
    ...["-addext", `subjectAltName=IP:${host}`, "-addext", "basicConstraints=CA:FALSE"],
    ...["-keyout", at("tls.key"), "-out", at("tls.pem")],
  ]);
  return { authority: at("ca.pem"), certificate: at("tls.pem"), key: at("tls.key") };
}

/** Serves the first of the folders that has a file. */
async function serve(
  host: string,
  tls: Certificates,
  folders: readonly string[],
  onPackage: (path: string) => void,
): Promise<{ readonly endpoint: string; readonly stop: () => Promise<void> }> {
  const credentials = { cert: await readFile(tls.certificate), key: await readFile(tls.key) };
  const server = createServer(credentials, (request, response) => {
    const path = normalize(decodeURIComponent((request.url ?? "/").split("?")[0] ?? "/"));
    void (async () => {
      for (const folder of folders) {
        const file = join(folder, path);
        const found = await stat(file).catch(() => undefined);
        if (!found?.isFile()) continue;
        if (path.endsWith(".deb")) onPackage(path);
        response.writeHead(200, { "content-length": found.size });
        await pipeline(createReadStream(file), response).catch(() => response.destroy());
        return;
      }
      response.writeHead(404).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  return { endpoint: `https://${host}:${port}`, stop };
}
