import { startForwarder, type Forwarder, type Targets } from "#test/lab/cloud-forwarder";
import type { CloudSite } from "#test/lab/cloud-site";

/** A load balancer as a cloud's books have it. */
export interface BalancerView {
  readonly id: string;
  readonly address: string;
  /** By the port that callers use. */
  readonly listeners: ReadonlyMap<number, Targets>;
}

/** Load balancers that forward: the clouds' books only keep them. */
export interface CloudBalancers {
  /** Does as the books say now. */
  refresh(): Promise<void>;
  stop(): Promise<void>;
}

interface Running {
  readonly address: string;
  readonly forwarders: Map<number, Forwarder>;
}

/** Each has its address on the machines' bridge, and listens there. */
export function createCloudBalancers(
  { give, take }: Pick<CloudSite, "give" | "take">,
  look: () => Promise<readonly BalancerView[]>,
): CloudBalancers {
  const running = new Map<string, Running>();
  let turn: Promise<void> = Promise.resolve();

  const stopOne = async (id: string, { address, forwarders }: Running) => {
    running.delete(id);
    await Promise.all([...forwarders.values()].map((one) => one.stop()));
    await take(address);
  };

  const startOne = async ({ id, address }: BalancerView) => {
    await give(address);
    const one: Running = { address, forwarders: new Map() };
    running.set(id, one);
    return one;
  };

  const refresh = async () => {
    const views = await look();
    const there = new Set(views.map(({ id }) => id));
    for (const [id, one] of running) if (!there.has(id)) await stopOne(id, one);
    for (const view of views) {
      const { address, forwarders } = running.get(view.id) ?? (await startOne(view));
      for (const [port, one] of forwarders) {
        if (view.listeners.has(port)) continue;
        forwarders.delete(port);
        await one.stop();
      }
      for (const [port, targets] of view.listeners) {
        const forwarder = forwarders.get(port);
        if (forwarder) forwarder.use(targets);
        else forwarders.set(port, await startForwarder(address, port, targets));
      }
    }
  };

  return {
    refresh: () => {
      turn = turn.then(refresh, refresh);
      return turn;
    },
    stop: async () => {
      await turn.catch(() => undefined);
      for (const [id, one] of running) await stopOne(id, one);
    },
  };
}
