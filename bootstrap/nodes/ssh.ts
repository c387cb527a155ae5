import type { Client } from "ssh2";
import { jumpWay } from "./ssh-jump.ts";
import { becomeRoot, type Root } from "#bootstrap/nodes/become-root";
import { openClient } from "./ssh-client.ts";
import type { NodeAccess, NodeAccessDriver, SshAddress } from "#bootstrap/nodes/node-access";
import { accessThrough } from "#bootstrap/nodes/node-files";
import { createSessions } from "#bootstrap/nodes/ssh-sessions";
import { ClouderError, throwIfCancelled } from "#core/error";

/** Runs commands over SSH (ssh2), through a jump host where the machine has one. */
export const sshAccess: NodeAccessDriver = {
  connect: async (name, address, signal) => {
    if (address.access !== "ssh") {
      throw new ClouderError("internal", `${name} is not reached over ssh`);
    }
    throwIfCancelled(signal);
    const client = await open(name, address, signal);
    try {
      const root = await becomeRoot(name, address, createSessions(name, client));
      return sshNode(name, client, root);
    } catch (error) {
      client.end();
      throw error;
    }
  },
};

async function open(name: string, address: SshAddress, signal?: AbortSignal): Promise<Client> {
  const way = await jumpWay(name, address);
  try {
    const client = await openClient(name, address, way?.stream, signal);
    if (way) client.once("close", way.end);
    return client;
  } catch (error) {
    way?.end();
    throw error;
  }
}

/** How long a machine may take to answer a good-bye. */
const patienceMs = 3000;

function sshNode(host: string, client: Client, root: Root): NodeAccess {
  const closed = new Promise<void>((resolve) => {
    client.once("close", () => {
      resolve();
    });
  });
  return {
    ...accessThrough(host, createSessions(host, client, root)),
    close: () => {
      // A connection that broke has said so already; one to a machine that is stuck never will.
      const late = setTimeout(() => client.destroy(), patienceMs);
      client.end();
      return closed.finally(() => {
        clearTimeout(late);
      });
    },
  };
}
