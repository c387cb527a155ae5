import { findRecord } from "#bootstrap/cluster-folder";
import { readContexts, writeContexts } from "#bootstrap/contexts/contexts-file";
import { ClouderError } from "#core/error";

const field = "default_kubeadm_cluster";

/** Makes a cluster the one that is meant where none is named. */
export async function setDefaultCluster(home: string, name: string): Promise<void> {
  await findRecord(home, name);
  const contexts = await readContexts(home);
  await writeContexts(home, { ...contexts, rest: { ...contexts.rest, [field]: name } });
}

/** The named cluster, else the default one. */
export async function namedOrDefault(home: string, name: string | undefined): Promise<string> {
  if (name !== undefined) return name;
  const found = (await readContexts(home)).rest[field];
  if (typeof found === "string") return found;
  throw new ClouderError("usage", "no cluster is named, and there is no default one", {
    hint: "name it, or choose one: kubectl clouder kubeadm set-default NAME",
  });
}
