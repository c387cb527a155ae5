import { ensureFiles, type WantedFile } from "#bootstrap/nodes/ensure-files";
import { aptFailed } from "#bootstrap/packages/apt/apt-error";
import { aptGet, said, unlocked, type AptRun } from "#bootstrap/packages/apt/apt";
import { pinnedKey } from "#bootstrap/packages/apt/public-key";
import type { Origin, Repository } from "#bootstrap/packages/apt/repositories";
import { upstream } from "#bootstrap/packages/upstream";

const authorityFile = "/etc/apt/keyrings/clouder-authority.crt";
const settingsFile = "/etc/apt/apt.conf.d/60clouder";

/** Makes apt trust the user's own authority for these hosts, and no other any more. */
export async function ensureTrust({ access }: AptRun, files: readonly WantedFile[]): Promise<void> {
  if (files.length > 0) await ensureFiles(access, files);
  else await access.run(["rm", "-f", "--", settingsFile, authorityFile]);
}

/** What tells apt which certificates to trust, where they are the user's own. */
export function trustFiles(origin: Origin): readonly WantedFile[] {
  if (origin.authority === undefined) return [];
  const { driver, toolkit } = origin.nvidia;
  // What is not mirrored is NVIDIA's own, whose certificates everybody's authorities sign.
  const mirrored = [
    ...(driver.url === upstream.nvidia.driver.url ? [] : [driver]),
    ...(toolkit.url === upstream.nvidia.toolkit.url ? [] : [toolkit]),
  ];
  const hosts = [origin.kubernetes, origin.containerd, origin.criu, ...mirrored].map(
    ({ url }) => new URL(url).hostname,
  );
  const settings = [...new Set(hosts)].map(
    (host) => `Acquire::https::${host}::CAInfo "${authorityFile}";\n`,
  );
  return [
    { path: authorityFile, content: origin.authority },
    { path: settingsFile, content: settings.join("") },
  ];
}

/**
 * Makes a repository known to apt: its key, fetched by the machine and compared with the pinned
 * fingerprint, its line, and its list of packages, whose signature apt checks (D6).
 */
export async function addRepository(run: AptRun, repository: Repository): Promise<void> {
  const { access } = run;
  const { url, keyring, list, keyUrl, fingerprint } = repository;
  const key = pinnedKey(await fetched(run, keyUrl), fingerprint, keyUrl);
  await access.writeFile(keyring, key, 0o644);
  await ensureFiles(access, [{ path: list, content: lineOf(repository) }]);
  const updated = await aptGet(run, [
    ...["update", "--error-on=any", "-o", `Dir::Etc::sourcelist=${list}`],
    ...["-o", "Dir::Etc::sourceparts=/dev/null", "-o", "APT::Get::List-Cleanup=false"],
  ]);
  if (updated.status !== 0) {
    // Nothing is left that would spoil the machine's own apt-get update.
    await access.run(["rm", "-f", "--", list]);
    throw aptFailed(access.host, `the repository ${url}`, said(updated));
  }
}

/** The line of sources.list. */
export function lineOf({ url, suite, keyring }: Repository): string {
  return `deb [signed-by=${keyring}] ${url} ${suite}\n`;
}

/** What is at an address, by apt's own means: they know the machine's proxies and need no program. */
export async function fetched(run: AptRun, url: string): Promise<Uint8Array> {
  const { access } = run;
  const { stdout } = await access.run(["mktemp", "-d", "/var/tmp/clouder-key.XXXXXXXX"]);
  const file = `${stdout.trim()}/key`;
  try {
    const helper = "/usr/lib/apt/apt-helper";
    const limits = ["Retries=2", "https::Timeout=20", "http::Timeout=20"].flatMap((one) => [
      ...["-o", `Acquire::${one}`],
    ]);
    const result = await unlocked(run, [helper, ...limits, "download-file", url, file]);
    if (result.status !== 0) throw aptFailed(access.host, `key ${url}`, said(result));
    return await access.readFile(file);
  } finally {
    await access.run(["rm", "-rf", "--", stdout.trim()], { allowFailure: true });
  }
}
