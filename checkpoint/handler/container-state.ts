import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ClouderError } from "#core/error";
import type { StatusError } from "#checkpoint/api/types";

/** `restores/<uid>/containers/<name>/state.json`: written by the helper, read by the agent. */
export interface ContainerState {
  readonly state: "restoring" | "restored" | "failed";
  readonly containerID: string;
  /** Process id of the helper at work, so that one that died is noticed. */
  readonly pid: number;
  readonly error?: StatusError;
  readonly restoreMilliseconds?: number;
}

const fileName = "state.json";

/** The state of a container of a Restore; undefined while nobody has claimed it. */
export async function readContainerState(folder: string): Promise<ContainerState | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, fileName), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as ContainerState;
  } catch {
    // The claim is created first and filled next: a helper died in between.
    return { state: "restoring", containerID: "", pid: 0 };
  }
}

/** Takes the container for one restore; `conflict` when somebody else has it. */
export async function claimContainer(folder: string, containerID: string): Promise<void> {
  const state: ContainerState = { state: "restoring", containerID, pid: process.pid };
  try {
    await writeFile(join(folder, fileName), JSON.stringify(state), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new ClouderError("conflict", "this container is being restored already", {
      cause: error,
    });
  }
}

/** Replaces the state of a claimed container, atomically. */
export async function writeContainerState(folder: string, state: ContainerState): Promise<void> {
  const path = join(folder, fileName);
  await writeFile(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
