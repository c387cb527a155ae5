import type { WantedFile } from "#bootstrap/nodes/ensure-files";
import { upstream } from "#bootstrap/packages/upstream";
import { registryFolder } from "#bootstrap/runtimes/containerd";

/**
 * Lets containerd ask the mirror for what the public registries have. The mirror is named as the
 * server, too, so that what it lacks is told and not fetched past it.
 */
export function mirrorFiles(
  registry: string,
  authority: string | undefined,
): readonly WantedFile[] {
  const address = registry.includes("://") ? registry : `https://${registry}`;
  const authorityFile = `${registryFolder}/clouder-authority.crt`;
  const trust = authority === undefined ? "" : `  ca = "${authorityFile}"\n`;
  const files = upstream.registries.map((name) => ({
    path: `${registryFolder}/${name}/hosts.toml`,
    content: `server = "${address}"\n${trust.trimStart()}
[host."${address}"]
  capabilities = ["pull", "resolve"]
${trust}`,
  }));
  if (authority === undefined) return files;
  return [...files, { path: authorityFile, content: authority }];
}
