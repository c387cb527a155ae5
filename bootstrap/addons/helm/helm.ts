import { spawn } from "node:child_process";
import { join } from "node:path";
import { captureOutput } from "#bootstrap/nodes/captured-output";
import type { RunResult } from "#bootstrap/nodes/node-access";
import type { Addon } from "#bootstrap/addons/addon";
import { ClouderError, throwIfCancelled } from "#core/error";

/** The user's helm. */
export interface Helm {
  /** Runs it; `input` travels through standard input. Its status and words are the caller's to judge. */
  run(args: readonly string[], input?: string): Promise<RunResult>;
}

export interface HelmSurroundings {
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The oldest that is known to do what is asked of it. */
const oldest = { major: 3, minor: 14 };
const cure = "install Helm 3.14 or later: https://helm.sh/docs/intro/install";

/** Finds helm; `not-found` and `unsupported` say how to get one that can be used. */
export async function openHelm({ environment = {}, signal }: HelmSurroundings): Promise<Helm> {
  const helm: Helm = {
    run: (args, input) => runHelm(args, input, ownEnvironment(environment), signal),
  };
  const { status, stdout, stderr } = await helm.run(["version", "--short"]);
  const found = /v(\d+)\.(\d+)/.exec(stdout);
  if (status !== 0 || !found) {
    const said = (stderr || stdout).trim().split("\n")[0] ?? "";
    throw new ClouderError("unsupported", `helm does not tell its version: ${said}`, {
      hint: cure,
    });
  }
  const [major, minor] = [Number(found[1]), Number(found[2])];
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    throw new ClouderError("unsupported", `helm is ${found[0]}, 3.14 or later is needed`, {
      hint: cure,
    });
  }
  return helm;
}

/** What the user set for other clusters must not lead away from this one. */
function ownEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const kept = Object.entries(environment).filter(
    ([name]) => !/^HELM_(KUBE.*|NAMESPACE|DRIVER.*)$/.test(name) && name !== "KUBECONFIG",
  );
  return Object.fromEntries(kept);
}

async function runHelm(
  args: readonly string[],
  input: string | undefined,
  environment: Record<string, string | undefined>,
  signal: AbortSignal | undefined,
): Promise<RunResult> {
  throwIfCancelled(signal);
  const child = spawn("helm", args, {
    stdio: "pipe",
    env: environment,
    ...(signal && { signal }),
    killSignal: "SIGTERM",
  });
  const output = captureOutput(child, {});
  const closed = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve(code ?? 137);
    });
  });
  // It may end before it has read all.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input ?? "");
  try {
    return output.end(await closed);
  } catch (error) {
    throwIfCancelled(signal);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new ClouderError("not-found", "helm is not among this machine's programs", {
      hint: cure,
      cause: error,
    });
  }
}

/** Flags that lead to the place of an add-on in the cluster of a folder. */
export function at({ namespace }: Addon, folder: string): readonly string[] {
  return ["--namespace", namespace, "--kubeconfig", join(folder, "kubeconfig")];
}
