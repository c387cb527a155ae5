import {
  restores,
  checkpoints,
  type CheckpointStatus,
  type RestoreStatus,
} from "#checkpoint/api/types";
import type { Following } from "#checkpoint/engine/follow-object";
import type { Clock } from "#core/clock";
import type { ReportEvent } from "#core/report";
import type { KubeObject, Resource } from "#kube/kube";
import type { Pod } from "#kube/resources";
import type { FakeKube } from "#test/fakes/kube";

/** A clock whose sleepers wake when the test says so; time stands still otherwise. */
export function handClock(): Clock & { pass(milliseconds: number): void } {
  let now = Date.parse("2026-11-21T04:20:36Z");
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  return {
    now: () => now,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { at: now + milliseconds, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          reject(signal.reason as Error);
        });
        if (signal?.aborted) reject(signal.reason as Error);
      }),
    pass: (milliseconds) => {
      now += milliseconds;
      for (const sleeper of [...sleepers]) {
        if (sleeper.at > now) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}

export interface Followed extends Following {
  readonly events: ReportEvent[];
  readonly cancel: () => void;
}

export function followed(kube: FakeKube, clock: Clock, timeoutMs = 0): Followed {
  const controller = new AbortController();
  const events: ReportEvent[] = [];
  return {
    kube,
    clock,
    timeoutMs,
    events,
    signal: controller.signal,
    report: (event) => events.push(event),
    cancel: () => {
      controller.abort();
    },
  };
}

/** Plays the cluster's side: each new object goes through the given states, one after the other. */
export function playAgent(kube: FakeKube, script: AgentScript): { readonly stop: () => void } {
  const stop = new AbortController();
  void play(kube, checkpoints, script.checkpoint, stop.signal);
  void play(kube, restores, script.restore, stop.signal);
  return {
    stop: () => {
      stop.abort();
    },
  };
}

export interface AgentScript {
  readonly checkpoint?: readonly CheckpointStatus[];
  readonly restore?: readonly RestoreStatus[];
}

async function play<T extends KubeObject>(
  kube: FakeKube,
  resource: Resource<T>,
  states: readonly object[] = [],
  signal: AbortSignal,
): Promise<void> {
  for await (const event of kube.watch(resource, {}, signal)) {
    if (event.type !== "ADDED") continue;
    const { name, namespace = "" } = event.object.metadata;
    for (const status of states) {
      if (!kube.peek(resource, { name, namespace })) break;
      await kube.patch(resource, { name, namespace }, { status }, "status");
      await tick();
    }
  }
}

/** Long enough for everything that is ready to run. */
export function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}

export function runningPod(name: string, changes: Partial<Pod["spec"]> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "alice", uid: `uid-of-${name}` },
    spec: {
      nodeName: "node-1",
      containers: [{ name: "main" }, { name: "helper" }],
      terminationGracePeriodSeconds: 5,
      ...changes,
    },
    status: { phase: "Running" },
  };
}
