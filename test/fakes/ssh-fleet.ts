import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import ssh2 from "ssh2";
import type { AuthContext, Connection, ServerChannel, Session } from "ssh2";
import type { RunResult } from "#bootstrap/nodes/node-access";
import { readableKeys } from "#test/fakes/ssh-keys";
import { unquote } from "#test/fakes/unquote";
import { wholeInput, type Input, type SimulatedMachine } from "#test/fakes/simulated-machines";

/** What is wrong with a host. */
export type Fault =
  /** Nobody listens, until the fleet revives it. */
  | { readonly kind: "refuses" }
  /** Accepts connections and greets when this has come. */
  | { readonly kind: "late"; readonly until: Promise<unknown> }
  /** Accepts connections and never says a word. */
  | { readonly kind: "mute" }
  /** Ends its connection in the middle of a command that matches. */
  | { readonly kind: "dies"; readonly at: RegExp }
  /** From a command that matches on it takes in packets and answers none, keepalives neither. */
  | { readonly kind: "freezes"; readonly at: RegExp };

export interface FleetOptions {
  readonly machines: readonly SimulatedMachine[];
  readonly faults?: Readonly<Record<number, Fault>>;
  /** Of the user's key. */
  readonly passphrase?: string;
  /** What sudo wants of users but root; without it they may not use sudo. */
  readonly sudoPassword?: string;
  /** Resolves when a command may answer; by default at once. */
  readonly pace?: (host: number, argv: readonly string[]) => Promise<void>;
}

export interface SshFleet extends AsyncDisposable {
  readonly port: number;
  /** Private key that every host accepts, OpenSSH's form. */
  readonly privateKey: string;
  readonly counts: FleetCounts;
  /** Commands of one host in order, each as its first words. */
  readonly commands: readonly (readonly string[])[];
  /** From now on a host that refused or died answers. */
  revive(host: number): Promise<void>;
}

export interface FleetCounts {
  connections: number;
  mostConnections: number;
  sessions: number;
  mostSessions: number;
  /** Of one connection; sshd's MaxSessions refuses more than 10. */
  mostSessionsOfOne: number;
  /** All commands of all hosts. */
  commands: number;
}

const maxSessions = 10;

/**
 * SSH servers (ssh2's) in this process, one for each machine on an address of 127.0.0.0/8 of its
 * own and a common port: publickey authentication, exec with input, output and status, keepalives,
 * sshd's limit of sessions.
 */
export async function startSshFleet(options: FleetOptions): Promise<SshFleet> {
  const hostKey = readableKeys();
  const { passphrase } = options;
  const locked = { passphrase: passphrase ?? "", cipher: "aes256-ctr", rounds: 16 };
  const userKey = readableKeys(passphrase === undefined ? undefined : locked);
  const counts: FleetCounts = {
    ...{ connections: 0, mostConnections: 0, sessions: 0, mostSessions: 0 },
    ...{ mostSessionsOfOne: 0, commands: 0 },
  };
  const commands = options.machines.map((): string[] => []);
  const sockets = new Set<Socket>();
  const listeners: Server[] = [];
  let port = 0;
  const faults = new Map(Object.entries(options.faults ?? {}));
  const open = async (machine: SimulatedMachine, index: number) => {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => undefined);
      socket.setNoDelay(true);
      const fault = faults.get(String(index));
      if (fault?.kind === "mute") return;
      const host: Host = {
        ...{ options, machine, index, fault, counts, commands: commands[index] ?? [] },
        ...{ hostKey: hostKey.private, userKey: userKey.public },
      };
      const begin = () => {
        serve(socket, host);
      };
      if (fault?.kind !== "late") begin();
      else void fault.until.then(begin);
    });
    port = await listen(server, machine.address, port);
    listeners.push(server);
  };
  for (const [index, machine] of options.machines.entries()) {
    if (faults.get(String(index))?.kind !== "refuses") await open(machine, index);
  }
  return {
    ...{ port, privateKey: userKey.private, counts, commands },
    revive: async (index) => {
      const machine = options.machines[index];
      const listens = faults.get(String(index))?.kind !== "refuses";
      faults.delete(String(index));
      if (machine && !listens) await open(machine, index);
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(listeners.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

interface Host {
  readonly options: FleetOptions;
  readonly machine: SimulatedMachine;
  readonly index: number;
  readonly fault: Fault | undefined;
  readonly counts: FleetCounts;
  readonly commands: string[];
  readonly hostKey: string;
  readonly userKey: string;
}

function serve(socket: Socket, host: Host): void {
  const { counts } = host;
  let open = 0;
  let user = "";
  const onConnection = (client: Connection) => {
    counts.connections += 1;
    counts.mostConnections = Math.max(counts.mostConnections, counts.connections);
    client.on("authentication", (attempt) => {
      user = attempt.username;
      authenticate(attempt, host.userKey);
    });
    client.on("error", () => undefined);
    client.once("close", () => (counts.connections -= 1));
    client.on("session", (accept, reject) => {
      if (open >= maxSessions) {
        reject();
        return;
      }
      open += 1;
      counts.sessions += 1;
      counts.mostSessions = Math.max(counts.mostSessions, counts.sessions);
      counts.mostSessionsOfOne = Math.max(counts.mostSessionsOfOne, open);
      const session: Session = accept();
      session.once("close", () => {
        open -= 1;
        counts.sessions -= 1;
      });
      session.once("exec", (acceptExec, _reject, { command }) => {
        void answer(acceptExec(), { command, user }, host, socket);
      });
    });
  };
  new ssh2.Server({ hostKeys: [host.hostKey] }, onConnection).injectSocket(socket);
}

function authenticate(attempt: AuthContext, allowed: string): void {
  const key = ssh2.utils.parseKey(allowed);
  if (attempt.method !== "publickey" || key instanceof Error) {
    attempt.reject(["publickey"]);
    return;
  }
  const wanted = key.getPublicSSH();
  const same =
    attempt.key.data.length === wanted.length && timingSafeEqual(attempt.key.data, wanted);
  const { signature, blob } = attempt;
  // Without a signature the client only asks whether it may try this key.
  if (!same || (signature && blob && !key.verify(blob, signature))) {
    attempt.reject(["publickey"]);
  } else attempt.accept();
}

async function answer(
  channel: ServerChannel,
  { command, user }: { readonly command: string; readonly user: string },
  { options, machine, index, fault, counts, commands }: Host,
  socket: Socket,
): Promise<void> {
  counts.commands += 1;
  commands.push(command.slice(0, 120));
  if (fault && "at" in fault && fault.at.test(command)) {
    if (fault.kind === "dies") socket.destroy();
    else socket.pause();
    return;
  }
  const input = await read(channel);
  const argv = unquote(command);
  await options.pace?.(index, argv);
  const { status, stdout, stderr } =
    user === "root"
      ? machine.run(argv, input)
      : throughSudo(argv, input, options.sudoPassword, machine);
  channel.write(stdout);
  channel.stderr.write(stderr);
  channel.exit(status);
  channel.end();
}

/** As sudo does: the password is the first line, the rest is the command's. */
function throughSudo(
  argv: readonly string[],
  input: Input,
  password: string | undefined,
  machine: SimulatedMachine,
): RunResult {
  const refuse = (stderr: string) => ({ status: 1, stdout: "", stderr });
  if (argv[0] !== "sudo") return refuse("Permission denied");
  const options = argv.slice(0, argv.indexOf("--"));
  const words = argv.slice(options.length + 1);
  if (options.includes("-n")) return refuse("sudo: a password is required\n");
  const end = input.head.indexOf("\n");
  if (input.head.toString("utf8", 0, end) !== password) {
    return refuse("Sorry, try again.\nsudo: no password was provided\n");
  }
  return machine.run(words, wholeInput(input.head.subarray(end + 1)));
}

const kept = 1 << 20;

async function read(channel: ServerChannel): Promise<Input> {
  const hash = createHash("sha256");
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of channel) {
    hash.update(chunk as Buffer);
    // A slice would keep the whole chunk.
    if (bytes < kept) chunks.push(Buffer.from(chunk as Buffer));
    bytes += (chunk as Buffer).length;
    if (bytes >= kept) chunks.splice(1);
  }
  return { head: Buffer.concat(chunks), bytes, sha256: hash.digest("hex") };
}

async function listen(server: Server, address: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port, backlog: 64 }, resolve);
  });
  return (server.address() as { port: number }).port;
}

/** Loopback addresses, one for each host. */
export function loopbackAddresses(count: number): readonly string[] {
  return Array.from(
    { length: count },
    (_, index) => `127.77.${Math.floor(index / 250)}.${(index % 250) + 1}`,
  );
}
