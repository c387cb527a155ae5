import { once } from "node:events";
import { request } from "node:https";
import { connect, createServer, type Socket } from "node:net";

/** Where a listener's connections go. */
export interface Targets {
  readonly addresses: readonly string[];
  readonly port: number;
  /** A target is healthy while this answers 200 over https, whatever its certificate. */
  readonly probe: { readonly port: number; readonly path: string };
  /** The caller's address arrives at the target: a target that calls itself then gets no answer. */
  readonly keepsCaller: boolean;
}

/** One listener of a load balancer. */
export interface Forwarder {
  use(targets: Targets): void;
  stop(): Promise<void>;
}

/** Faster than any load balancer of a cloud, so that tests do not wait for health. */
const checkEveryMs = 1000;

/** Takes TCP connections and hands them to healthy targets in turn. */
export async function startForwarder(
  address: string,
  port: number,
  first: Targets,
): Promise<Forwarder> {
  let targets = first;
  let next = 0;
  const healthy = new Set<string>();
  const open = new Set<Socket>();

  const check = async () => {
    await Promise.all(
      targets.addresses.map(async (one) => {
        if (await answers(one, targets.probe)) healthy.add(one);
        else healthy.delete(one);
      }),
    );
  };
  const timer = setInterval(() => {
    void check();
  }, checkEveryMs);

  const keep = (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
  };
  const server = createServer((caller) => {
    keep(caller);
    const able = targets.addresses.filter((one) => healthy.has(one));
    const target = able[next % able.length];
    next += 1;
    if (target === undefined || (targets.keepsCaller && caller.remoteAddress === target)) {
      caller.destroy();
      return;
    }
    const onward = connect(targets.port, target);
    keep(onward);
    caller.pipe(onward).pipe(caller);
    caller.once("close", () => onward.destroy());
    onward.once("close", () => caller.destroy());
  });
  server.listen(port, address);
  await once(server, "listening");
  return {
    use: (now) => {
      targets = now;
    },
    stop: async () => {
      clearInterval(timer);
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function answers(host: string, { port, path }: Targets["probe"]): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(
      { host, port, path, rejectUnauthorized: false, timeout: 2000, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    asked.once("timeout", () => asked.destroy());
    asked.once("error", () => {
      resolve(false);
    });
    asked.end();
  });
}
