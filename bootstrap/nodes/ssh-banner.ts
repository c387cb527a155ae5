import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { jumpWay } from "./ssh-jump.ts";
import type { SshAddress } from "#bootstrap/nodes/node-access";
import { hasCode } from "#core/error";

const patienceMs = 5000;

/**
 * True when a server greets as SSH servers do, within a few seconds; rejects when a jump host on the
 * way lets nobody in.
 */
export async function answersSsh(address: SshAddress): Promise<boolean> {
  if (address.jump === undefined) {
    return await greets(connect({ host: address.host, port: address.port }));
  }
  try {
    const way = await jumpWay(address.host, address);
    return way !== undefined && (await greets(way.stream).finally(way.end));
  } catch (error) {
    if (hasCode(error, "unreachable")) return false;
    throw error;
  }
}

function greets(stream: Duplex): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (answer: boolean) => {
      clearTimeout(timer);
      stream.destroy();
      resolve(answer);
    };
    const timer = setTimeout(end, patienceMs, false);
    stream.once("data", (chunk: Buffer) => {
      end(chunk.toString("latin1").startsWith("SSH-"));
    });
    for (const event of ["error", "close"]) {
      stream.once(event, () => {
        end(false);
      });
    }
  });
}
