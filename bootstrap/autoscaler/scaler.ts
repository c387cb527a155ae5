import { groupsOf, type Group } from "#bootstrap/autoscaler/groups";
import type { Machine } from "#bootstrap/providers/provider";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { poolOf, wantedMachines } from "#bootstrap/spec/machines";
import { ClouderError, messageOf } from "#core/error";
import type { Reporter } from "#core/report";

/** What a scaler does its work with: jobs of minutes that write down what they want first. */
export interface ScalerWork {
  spec(): Promise<ClusterSpec>;
  /** Those that the provider has. */
  machines(): Promise<readonly Machine[]>;
  add(pool: string, count: number): Promise<unknown>;
  remove(node: string): Promise<unknown>;
  readonly report: Reporter;
}

/** A machine as an autoscaler sees it. */
export interface Instance {
  /** Its node's provider id, or a name of ours while there is none. */
  readonly id: string;
  readonly state: "running" | "creating" | "deleting";
  /** Why it could not be made. */
  readonly trouble?: string;
}

/** A node as an autoscaler names it; of a machine without a node it knows the id alone. */
export interface NodeName {
  readonly id: string;
  readonly name: string;
}

/**
 * Pools as node groups. A change is taken on at once and done one after another in the background,
 * for an autoscaler waits seconds and a machine takes minutes.
 */
export interface Scaler {
  groups(): Promise<readonly Group[]>;
  groupOf(node: NodeName): Promise<Group | undefined>;
  /** How many nodes the pool is to have when all that was asked for is done. */
  target(pool: string): Promise<number>;
  instances(pool: string): Promise<readonly Instance[]>;
  grow(pool: string, by: number): Promise<void>;
  remove(pool: string, nodes: readonly NodeName[]): Promise<void>;
  /** Gives up machines that are not there yet. */
  giveUp(pool: string, count: number): Promise<void>;
  /** Forgets what the provider said. */
  refresh(): void;
  /** Ends when all that was taken on is done. */
  idle(): Promise<void>;
}

/** Makes a scaler. */
export function createScaler(work: ScalerWork): Scaler {
  const targets = new Map<string, number>();
  const troubles = new Map<string, string>();
  const refusals = createRefusals();
  const leaving = new Set<string>();
  let machines: Promise<readonly Machine[]> | undefined;
  let queue = Promise.resolve();
  let waiting = 0;

  const background = (pool: string, what: string, job: () => Promise<unknown>): void => {
    waiting += 1;
    queue = queue.then(job).then(
      () => void troubles.delete(pool),
      (error: unknown) => {
        troubles.set(pool, messageOf(error));
        const message = `${what} failed: ${messageOf(error)}`;
        work.report({ type: "note", level: "warn", message });
      },
    );
    queue = queue.then(() => {
      waiting -= 1;
      machines = undefined;
      // Nothing is under way: the record tells the truth again.
      if (waiting === 0) targets.clear();
    });
  };
  const known = async (name: string) => {
    const spec = await work.spec();
    const group = groupsOf(spec).find((one) => one.name === name);
    if (group) return { spec, group, target: targets.get(name) ?? countOf(spec, name) };
    throw new ClouderError("not-found", `there is no pool ${name} with bounds`);
  };
  const list = async () => await (machines ??= work.machines());
  const idOf = (name: string, machine: Machine | undefined) =>
    machine?.providerID ?? `clouder:///${name}`;
  const members = async (pool: string) => {
    const [spec, all] = await Promise.all([work.spec(), list()]);
    return wantedMachines(spec)
      .filter((one) => one.pool === pool)
      .map(({ name }) => {
        const machine = all.find((one) => one.name === name);
        return { name, machine, id: idOf(name, machine) };
      });
  };
  const removeAll = (pool: string, names: readonly string[], target: number) => {
    targets.set(pool, target - names.length);
    for (const name of names) {
      leaving.add(name);
      background(pool, `the removal of ${name}`, () =>
        work.remove(name).finally(() => leaving.delete(name)),
      );
    }
  };

  /** What was refused before it was written down is no machine of the record: it is told apart. */
  const grown = async (pool: string, by: number) => {
    const before = countOf(await work.spec(), pool);
    try {
      await work.add(pool, by);
    } catch (error) {
      const unwritten = before + by - countOf(await work.spec(), pool);
      refusals.note(pool, unwritten, messageOf(error));
      targets.set(pool, (targets.get(pool) ?? 0) - unwritten);
      throw error;
    }
  };

  return {
    groups: async () => groupsOf(await work.spec()),
    groupOf: async ({ name, id }) => {
      const spec = await work.spec();
      const all = wantedMachines(spec);
      const pool =
        all.find((one) => one.name === name)?.pool ??
        // Of a machine that never became a node the id alone is known.
        (await list()).find((one) => one.providerID === id)?.pool;
      return groupsOf(spec).find((one) => one.name === pool);
    },
    target: async (pool) => (await known(pool)).target + refusals.of(pool).length,
    instances: async (pool) => {
      await known(pool);
      const trouble = troubles.get(pool);
      const machinesOfPool = (await members(pool)).map(({ name, machine, id }): Instance => ({
        id,
        state: leaving.has(name) ? "deleting" : machine ? "running" : "creating",
        ...(!machine && trouble !== undefined && { trouble }),
      }));
      return [...machinesOfPool, ...refusals.of(pool)];
    },
    grow: async (pool, by) => {
      const { group, target } = await known(pool);
      if (by < 1 || target + by > group.max) {
        throw refused(`${target} + ${by} nodes of ${pool} are more than its max ${group.max}`);
      }
      targets.set(pool, target + by);
      background(pool, `the growth of ${pool}`, () => grown(pool, by));
    },
    remove: async (pool, nodes) => {
      const { group, target } = await known(pool);
      const all = await members(pool);
      const made = nodes.filter(({ id }) => !refusals.forget(pool, id));
      const names = made.map((node) => {
        const found = all.find(({ name, id }) => name === node.name || id === node.id);
        if (found) return found.name;
        throw refused(`${node.name || node.id} is no node of ${pool}`);
      });
      const fresh = names.filter((name) => !leaving.has(name));
      if (target - fresh.length < group.min) {
        throw refused(`${pool} would have less nodes than its min ${group.min}`);
      }
      removeAll(pool, fresh, target);
    },
    giveUp: async (pool, count) => {
      const { target } = await known(pool);
      const never = refusals.of(pool).slice(0, Math.max(0, count));
      const missing = (await members(pool)).filter(
        ({ name, machine }) => !machine && !leaving.has(name),
      );
      const left = count - never.length;
      if (count < 1 || missing.length < left) {
        const there = never.length + missing.length;
        throw refused(`of ${pool} only ${there} machines are not there yet`);
      }
      for (const { id } of never) refusals.forget(pool, id);
      const names = missing.map(({ name }) => name);
      if (left > 0) removeAll(pool, names.slice(-left), target);
    },
    refresh: () => {
      machines = undefined;
    },
    idle: async () => {
      while (waiting > 0) await queue;
    },
  };
}

function countOf(spec: ClusterSpec, pool: string): number {
  return poolOf(spec, pool)?.count ?? 0;
}

/**
 * Machines that were asked for and refused before anything was written down. They are told once as
 * failed, until the autoscaler deletes them, or it would ask anew every few seconds.
 */
function createRefusals() {
  const all = new Map<string, readonly Instance[]>();
  let number = 0;
  const of = (pool: string): readonly Instance[] => all.get(pool) ?? [];
  return {
    of,
    note: (pool: string, count: number, trouble: string): void => {
      const more = Array.from({ length: count }, (): Instance => {
        number += 1;
        return { id: `clouder:///${pool}/refused-${number}`, state: "creating", trouble };
      });
      all.set(pool, [...of(pool), ...more]);
    },
    /** Whether it was one of them. */
    forget: (pool: string, id: string): boolean => {
      const rest = of(pool).filter((one) => one.id !== id);
      const found = rest.length < of(pool).length;
      all.set(pool, rest);
      return found;
    },
  };
}

function refused(message: string): ClouderError {
  return new ClouderError("refused", message);
}
