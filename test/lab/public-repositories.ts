import { readFile } from "node:fs/promises";
import { upstream } from "#bootstrap/packages/upstream";

/** One address of each host that an online cluster cannot do without. */
const addresses = [
  `${upstream.kubernetes.url}/core:/stable:/v1.36/deb/InRelease`,
  `${upstream.containerd.url}/linux/debian/gpg`,
  "https://registry.k8s.io/v2/",
  "https://ghcr.io/v2/",
];

/** Long enough for a slow line, short enough to wait in vain. */
export const patienceMs = 5000;

/**
 * True where machines of this host can get their software from its vendors: the host forwards what
 * they send, and the vendors answer. An answer that refuses is an answer, an error of a proxy is none.
 */
export async function publicRepositoriesAnswer(
  urls: readonly string[] = addresses,
  forwarding = "/proc/sys/net/ipv4/ip_forward",
): Promise<boolean> {
  const forwards = await readFile(forwarding, "utf8").catch(() => "0");
  if (forwards.trim() !== "1") return false;
  const signal = AbortSignal.timeout(patienceMs);
  const answers = await Promise.all(
    urls.map((url) =>
      fetch(url, { method: "HEAD", signal }).then(
        ({ status }) => status < 400 || status === 401,
        () => false,
      ),
    ),
  );
  return answers.every(Boolean);
}
