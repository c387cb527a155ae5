import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { connectionError, openClient } from "./ssh-client.ts";
import type { SshAddress } from "#bootstrap/nodes/node-access";
import { ClouderError } from "#core/error";

/** One connection to each jump host, however many machines are behind it: sshd refuses many at once. */
const open = new Map<string, { readonly client: Promise<Client>; users: number }>();

/** A way to a machine by its jump host; the last way that ends closes the connection to the host. */
export interface JumpWay {
  readonly stream: Duplex;
  readonly end: () => void;
}

/** Opens a way to the machine's SSH port; undefined when it is reached directly. */
export async function jumpWay(name: string, address: SshAddress): Promise<JumpWay | undefined> {
  const { jump, knownHostsFile } = address;
  if (jump === undefined) return undefined;
  const { user, host, port } = jump;
  const place: SshAddress = { access: "ssh", ...jump, knownHostsFile };
  const key = `${user}@${host}:${port} ${knownHostsFile}`;
  const entry = open.get(key) ?? { client: openClient("the jump host", place), users: 0 };
  open.set(key, entry);
  entry.users += 1;
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    entry.users -= 1;
    if (entry.users > 0) return;
    if (open.get(key) === entry) open.delete(key);
    entry.client.then(
      (client) => client.end(),
      () => undefined,
    );
  };
  try {
    const client = await entry.client;
    // A connection that broke is of no use to those who come later.
    client.once("close", () => {
      if (open.get(key) === entry) open.delete(key);
    });
    return { stream: await forward(client, name, address), end };
  } catch (error) {
    end();
    throw error;
  }
}

/** SSH's number for "administratively prohibited". */
const prohibited = 1;

function forward(client: Client, name: string, address: SshAddress): Promise<Duplex> {
  const { host, port, jump } = address;
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => {
      reject(
        (error as { readonly reason?: unknown }).reason === prohibited
          ? new ClouderError("denied", `the jump host ${jump?.host ?? ""} forwards nothing`, {
              hint: "allow it there: AllowTcpForwarding yes in sshd_config",
              cause: error,
            })
          : connectionError(name, address, error),
      );
    };
    try {
      client.forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
        if (error) refuse(error);
        else resolve(channel);
      });
    } catch (error) {
      refuse(error as Error);
    }
  });
}
