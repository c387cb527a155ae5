import type { Kube, KubeObject, Resource } from "#kube/kube";
import { checkpoints, restores } from "#checkpoint/api/types";
import { judgeEndpoints, resolveHost } from "#checkpoint/controller/endpoints";
import { judgeFolderStores } from "#checkpoint/controller/folder-stores";
import { type ControllerState, keyOf, runPass } from "#checkpoint/controller/pass";
import { createBell } from "#core/bell";
import type { Clock } from "#core/clock";
import { messageOf } from "#core/error";
import type { LeadingContext } from "#kube/leading-service";

/** Silent agents, gone nodes and waiting Restores are looked at this often. */
const tickMs = 5_000;
/** As often as agents tell what they can write to. */
const foldersEveryMs = 30_000;
/** Who waits for an endpoint to be ready, or to be silent, waits so much longer at the most. */
const endpointsEveryMs = 2_000;

/**
 * Follows Checkpoints and Restores and runs a pass after each change and each tick, until the signal
 * aborts. Everything is decided from what the API server says: any pass may be the first.
 */
export async function reconcile(context: LeadingContext): Promise<void> {
  const state: ControllerState = {
    checkpoints: new Map(),
    restores: new Map(),
    cleaned: new Set(),
    lookAgainAt: new Map(),
  };
  const bell = createBell();
  // A watch that ends by an error ends the other one and the loop too.
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const followed = Promise.all([
    follow(context.kube, checkpoints, state.checkpoints, bell.ring, signal),
    follow(context.kube, restores, state.restores, bell.ring, signal),
  ]).finally(() => {
    ended.abort();
  });
  const passes = loop(state, context, bell.wait, signal);
  const { kube, clock } = context;
  const judges = [
    every(foldersEveryMs, "folders of stores", context, signal, () =>
      judgeFolderStores(kube, clock.now()),
    ),
    every(endpointsEveryMs, "endpoints", context, signal, () =>
      judgeEndpoints(kube, clock.now(), resolveHost),
    ),
  ];
  await Promise.all([followed, passes, ...judges]);
}

async function every(
  milliseconds: number,
  what: string,
  { clock, log }: LeadingContext,
  signal: AbortSignal,
  judge: () => Promise<void>,
) {
  while (!signal.aborted) {
    await judge().catch((error: unknown) => {
      log({ level: "warn", message: `${what} not judged: ${messageOf(error)}` });
    });
    await clock.sleep(milliseconds, signal).catch(() => undefined);
  }
}

async function loop(
  state: ControllerState,
  { kube, clock, log }: LeadingContext,
  wait: (ms: number, clock: Clock, signal: AbortSignal) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  while (await wait(tickMs, clock, signal)) {
    await runPass(state, { kube, now: () => clock.now(), log });
  }
}

async function follow<T extends KubeObject>(
  kube: Kube,
  resource: Resource<T>,
  into: Map<string, T>,
  ring: () => void,
  signal: AbortSignal,
): Promise<void> {
  for await (const event of kube.watch(resource, {}, signal)) {
    if (event.type === "RESYNC") {
      into.clear();
      for (const object of event.objects) into.set(keyOf(object), object);
    } else if (event.type === "DELETED") into.delete(keyOf(event.object));
    else into.set(keyOf(event.object), event.object);
    ring();
  }
}
