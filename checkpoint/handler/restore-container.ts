import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "#core/clock";
import { ClouderError, isClouderError, messageOf } from "#core/error";
import { printable } from "#core/redact";
import type { StatusError } from "#checkpoint/api/types";
import { applyCapture } from "#checkpoint/handler/apply-capture";
import {
  networkNamespace,
  readRuntimeSpec,
  restoreIdentity,
  type ContainerIdentity,
  type RuntimeSpec,
} from "#checkpoint/handler/bundle";
import {
  claimContainer,
  readContainerState,
  writeContainerState,
  type ContainerState,
} from "#checkpoint/handler/container-state";
import { allowsCapability, guardCredentials } from "#checkpoint/handler/credentials";
import { diagnoseCriuLog } from "#checkpoint/handler/criu-log";
import { withLentAddresses } from "#checkpoint/handler/lent-address";
import type { RunProgram } from "#checkpoint/handler/program";
import {
  guardExpiry,
  guardIdentity,
  readRecord,
  restoreFolder,
  type RestoreRecord,
} from "#checkpoint/handler/record";
import { restoreArguments, type CreateCall } from "#checkpoint/handler/runtime-call";
import { findCapture, listImages } from "#checkpoint/handler/staged-images";

export interface RestoreEnvironment {
  readonly runtime: string;
  readonly restores: string;
  readonly markers: string;
  readonly run: RunProgram;
  readonly clock: Clock;
}

/** "create": the caller runs the plain create; "restored": the container is there and runs. */
export type CreateOutcome = "create" | "restored";

/**
 * Does what a `create` of a marked container asks for. A container that was restored once starts
 * afresh from then on; one whose restore failed never starts. Rejects with the reason otherwise.
 */
export async function createContainer(
  environment: RestoreEnvironment,
  call: CreateCall,
): Promise<CreateOutcome> {
  const spec = await readRuntimeSpec(call.bundle);
  const who = restoreIdentity(spec);
  if (who === undefined) return "create";
  const folder = restoreFolder(environment.restores, who.restoreUID);
  const record = await readRecord(folder, who.restoreUID);
  guardIdentity(record, who);
  // Init and debug containers of the pod are not part of the checkpoint.
  if (!record.containers.includes(who.containerName)) return "create";
  const staged = join(folder, "containers", who.containerName);
  const state = await readContainerState(staged);
  if (state !== undefined) return continueFrom(state, staged, call);
  guardExpiry(record, environment.clock.now());
  await claimContainer(staged, call.containerID);
  await restoreClaimed(environment, call, { spec, who, record, staged });
  return "restored";
}

async function continueFrom(
  state: ContainerState,
  staged: string,
  call: CreateCall,
): Promise<CreateOutcome> {
  if (state.state === "restored") return "create";
  if (state.state === "failed") {
    throw new ClouderError(
      "refused",
      `the restore of this container failed: ${state.error?.message ?? "for an unknown reason"}`,
      { hint: "a container whose restore failed is not started anew; restore the pod again" },
    );
  }
  const atWork = await readFile(`/proc/${state.pid}/cmdline`, "utf8").catch(() => "");
  if (state.pid > 0 && atWork.includes("restore-helper")) {
    throw new ClouderError("conflict", "this container is being restored already");
  }
  const error = new ClouderError("criu", "the restore of this container was broken off", {
    hint: "restore the pod again",
  });
  await writeContainerState(staged, {
    ...state,
    containerID: state.containerID || call.containerID,
    state: "failed",
    error: statusError(error),
  });
  throw error;
}

interface Claimed {
  readonly spec: RuntimeSpec;
  readonly who: ContainerIdentity;
  readonly record: RestoreRecord;
  readonly staged: string;
}

async function restoreClaimed(
  environment: RestoreEnvironment,
  call: CreateCall,
  claimed: Claimed,
): Promise<void> {
  const { staged } = claimed;
  const mine = { containerID: call.containerID, pid: process.pid };
  const started = performance.now();
  try {
    const images = join(staged, "checkpoint");
    await guardCredentials(images, await listImages(images), claimed.spec);
    const capture = await findCapture(staged);
    if (capture !== undefined) {
      await applyCapture(capture, join(call.bundle, "rootfs"), {
        devicesAllowed: allowsCapability(claimed.spec, "CAP_MKNOD"),
      });
    }
    const namespace = networkNamespace(claimed.spec);
    const lender = { run: environment.run, folder: join(environment.markers, "addresses") };
    await withLentAddresses(lender, namespace, claimed.record.sourcePodIPs, () =>
      runRestore(environment, call, images),
    );
    const restored = join(environment.markers, "restored");
    await mkdir(restored, { recursive: true });
    await writeFile(join(restored, call.containerID), "");
    const restoreMilliseconds = Math.round(performance.now() - started);
    await writeContainerState(staged, { ...mine, state: "restored", restoreMilliseconds });
  } catch (error) {
    await environment.run([
      environment.runtime,
      ...call.globals,
      ...["delete", "--force", call.containerID],
    ]);
    await writeContainerState(staged, { ...mine, state: "failed", error: statusError(error) });
    throw error;
  }
}

async function runRestore(
  environment: RestoreEnvironment,
  call: CreateCall,
  images: string,
): Promise<void> {
  const work = join(call.bundle, "criu-work");
  await mkdir(work, { recursive: true, mode: 0o700 });
  const argv = [environment.runtime, ...restoreArguments(call, images, work)];
  const { status } = await environment.run(argv, "inherit");
  if (status === 0) return;
  const log = await readFile(join(work, "restore.log"), "utf8").catch(() => "");
  const { lines, hint } = diagnoseCriuLog(log);
  const said = lines.length > 0 ? [] : await runtimeErrors(call.log);
  const first = [...lines, ...said].at(0);
  throw new ClouderError(
    "criu",
    `the processes could not be restored${first === undefined ? "" : `: ${first}`}`,
    {
      ...(hint === undefined ? {} : { hint }),
      details: { status, logLines: [...lines, ...said] },
    },
  );
}

/** What runc has written into its log, for failures that CRIU knows nothing of. */
async function runtimeErrors(log: string | undefined): Promise<readonly string[]> {
  const text = log === undefined ? "" : await readFile(log, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line.includes('"level":"error"'))
    .slice(-3)
    .map((line) => printable(/"msg":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line));
}

function statusError(error: unknown): StatusError {
  if (!isClouderError(error)) return { code: "internal", message: printable(messageOf(error)) };
  const { logLines } = error.details;
  return {
    code: error.code,
    message: printable(error.message),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(Array.isArray(logLines) ? { logLines } : {}),
  };
}

/** Leaves the reason where containerd's shim looks for it: the last error line of runc's log. */
export async function reportToRuntime(log: string | undefined, error: unknown): Promise<void> {
  if (log === undefined) return;
  const hint = isClouderError(error) && error.hint !== undefined ? ` (${error.hint})` : "";
  const msg = `clouder: ${printable(messageOf(error))}${hint}`;
  const line = JSON.stringify({ level: "error", msg, time: new Date().toISOString() });
  await appendFile(log, `${line}\n`);
}
