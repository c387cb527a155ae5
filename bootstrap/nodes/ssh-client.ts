import type { Duplex } from "node:stream";
import type { Client, ConnectConfig, PublicKeyAuthMethod } from "ssh2";
import { hostKeyChanged, hostKeyOf, knownHostName, pinKey, pinnedKeys } from "./known-hosts.ts";
import type { HostKey } from "./known-hosts.ts";
import { privateKey } from "./ssh-key.ts";
import type { SshAddress } from "#bootstrap/nodes/node-access";
import { ClouderError, messageOf } from "#core/error";

/**
 * Logs in at one SSH server; its host key is pinned at first contact. `through` is a connection to
 * it that somebody else made.
 */
export async function openClient(
  name: string,
  address: SshAddress,
  through?: Duplex,
  signal?: AbortSignal,
): Promise<Client> {
  const { default: ssh2 } = await import("ssh2");
  const hostName = knownHostName(address.host, address.port);
  const pinned = await pinnedKeys(address.knownHostsFile, hostName);
  const client = new ssh2.Client();
  let shown: HostKey | undefined;
  let changed = false;
  const config: ConnectConfig = {
    ...(through === undefined ? { host: address.host, port: address.port } : { sock: through }),
    username: address.user,
    readyTimeout: 15_000,
    keepaliveInterval: 10_000,
    keepaliveCountMax: 3,
    hostVerifier: (key: Buffer) => {
      shown = hostKeyOf(key);
      changed = pinned.length > 0 && !pinned.some((one) => one.base64 === shown?.base64);
      return !changed;
    },
    ...(await credentials(address)),
    ...(pinned.length > 0 && {
      algorithms: { serverHostKey: hostKeyAlgorithms(pinned) },
    }),
  };
  await new Promise<void>((resolve, reject) => {
    const abort = () => {
      client.destroy();
      reject(new ClouderError("cancelled", "cancelled"));
    };
    signal?.addEventListener("abort", abort, { once: true });
    client.once("ready", () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    client.on("error", (error) => {
      signal?.removeEventListener("abort", abort);
      reject(
        changed
          ? hostKeyChanged(hostName, address.knownHostsFile)
          : connectionError(name, address, error),
      );
    });
    client.connect(config);
    // A command is several small packets: each would wait for the other side's late acknowledgement.
    if (through === undefined) client.setNoDelay(true);
  });
  if (pinned.length === 0 && shown) await pinKey(address.knownHostsFile, hostName, shown);
  return client;
}

/** Asks for a key of the kinds we know, or a server with several would show another one. */
function hostKeyAlgorithms(pinned: readonly HostKey[]): never[] {
  const kinds = pinned.flatMap(({ algorithm }) =>
    algorithm === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [algorithm],
  );
  return kinds as never[];
}

/** By the key alone where there is one: to be told first that one is wanted costs a round trip. */
async function credentials(address: SshAddress): Promise<ConnectConfig> {
  const { keyFile, user: username, agent, askSecret } = address;
  if (keyFile === undefined) return agent ? { agent } : {};
  const key = await privateKey(keyFile, askSecret);
  const method: PublicKeyAuthMethod = { type: "publickey", username, key };
  return { authHandler: [method] };
}

/** Why a server cannot be used, with the cure. */
export function connectionError(name: string, address: SshAddress, error: Error): ClouderError {
  const where = `${name} (${address.user}@${address.host}:${address.port})`;
  const text = messageOf(error);
  if (text.includes("authentication methods failed")) {
    return new ClouderError("unauthenticated", `${where} accepts none of our keys`, {
      hint: `add the public key of ${address.keyFile ?? "your SSH agent"} to ~${address.user}/.ssh/authorized_keys there`,
      cause: error,
    });
  }
  return new ClouderError("unreachable", `cannot reach ${where}: ${text}`, {
    hint: "check address and port, that sshd runs there and that no firewall is in between",
    retryable: true,
    cause: error,
  });
}
