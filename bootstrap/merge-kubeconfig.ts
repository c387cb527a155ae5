import { mkdir, open, readFile, realpath, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Kubeconfig } from "#bootstrap/kubeadm/kubeconfig";
import { writePrivate } from "#bootstrap/private-file";
import { ClouderError } from "#core/error";

/** Marks entries of ours in a kubeconfig that is shared with other tools. */
const extensionName = "clouder.datalayer.io";

type Config = Record<string, unknown> & {
  clusters?: Entry[];
  users?: Entry[];
  contexts?: Entry[];
  "current-context"?: string;
};

interface Entry {
  readonly name: string;
  readonly cluster?: Record<string, unknown>;
  readonly user?: Record<string, unknown>;
  readonly context?: Record<string, unknown>;
}

const lists = ["clusters", "users", "contexts"] as const;

/**
 * Puts a cluster's entries into the user's kubeconfig and makes its context the current one.
 * `exists` when an entry of that name belongs to something else.
 */
export async function mergeKubeconfig(
  path: string,
  kubeconfigText: string,
  uid: string,
): Promise<void> {
  const { parse } = await import("yaml");
  const ours = parse(kubeconfigText) as Kubeconfig;
  const name = ours["current-context"] ?? "";
  await change(path, (config) => {
    const present = config.clusters?.find((one) => one.name === name);
    if (present && ownerOf(present) === undefined) {
      throw new ClouderError(
        "exists",
        `${path} already has a cluster "${name}" of another origin`,
        {
          hint: `rename it there, or use --kubeconfig with the cluster's own file`,
        },
      );
    }
    const mark = { extensions: [{ name: extensionName, extension: { uid } }] };
    return {
      apiVersion: "v1",
      kind: "Config",
      ...config,
      clusters: replaced(config.clusters, name, {
        name,
        cluster: { ...ours.clusters[0]?.cluster, ...mark },
      }),
      users: replaced(config.users, name, { name, user: { ...ours.users[0]?.user } }),
      contexts: replaced(config.contexts, name, {
        name,
        context: { ...ours.contexts[0]?.context },
      }),
      "current-context": name,
    };
  });
}

/** Takes a cluster's entries out again; others of the same name stay. */
export async function unmergeKubeconfig(path: string, name: string, uid: string): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => undefined)) === undefined) return;
  await change(path, (config) => {
    const present = config.clusters?.find((one) => one.name === name);
    if (!present || ownerOf(present) !== uid) return undefined;
    const rest = Object.fromEntries(
      lists.map((list) => [list, (config[list] ?? []).filter((one) => one.name !== name)]),
    );
    const current = config["current-context"] === name ? "" : config["current-context"];
    return { ...config, ...rest, ...(current !== undefined && { "current-context": current }) };
  });
}

function replaced(entries: readonly Entry[] | undefined, name: string, entry: Entry): Entry[] {
  return [...(entries ?? []).filter((one) => one.name !== name), entry];
}

function ownerOf(entry: Entry): string | undefined {
  const extensions = entry.cluster?.["extensions"];
  if (!Array.isArray(extensions)) return undefined;
  const ours = (extensions as { name?: string; extension?: { uid?: string } }[]).find(
    (one) => one.name === extensionName,
  );
  return ours?.extension?.uid;
}

async function change(path: string, edit: (config: Config) => Config | undefined): Promise<void> {
  const { parse, stringify } = await import("yaml");
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // A link to the real file stays a link.
  const target = await realpath(path).catch(() => path);
  await locked(target, async () => {
    const text = await readFile(target, "utf8").catch(() => "");
    const edited = edit((parse(text) as Config | null) ?? {});
    if (edited) await writePrivate(target, stringify(edited, { lineWidth: 0 }));
  });
}

/** kubectl's own way to keep two writers apart. */
async function locked(path: string, work: () => Promise<void>): Promise<void> {
  const lock = `${path}.lock`;
  const file = await open(lock, "wx", 0o600).catch((error: unknown) => {
    throw new ClouderError("busy", `another program is writing ${path}`, {
      hint: `if none is, remove ${lock}`,
      retryable: true,
      cause: error,
    });
  });
  try {
    await work();
  } finally {
    await file.close();
    await rm(lock, { force: true });
  }
}
