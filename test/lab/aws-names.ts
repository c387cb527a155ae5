import { createSocket } from "node:dgram";
import { once } from "node:events";

/** A running name server. */
export interface NameServer {
  stop(): Promise<void>;
}

/**
 * A DNS server for a cloud's own names, as the VPC's resolver is: it knows the addresses that `find`
 * gives, and nothing else exists.
 */
export async function startNames(
  address: string,
  find: (name: string) => string | undefined,
): Promise<NameServer> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const answer = answerTo(query, find);
    if (answer) socket.send(answer, from.port, from.address);
  });
  socket.bind(53, address);
  await once(socket, "listening");
  return {
    stop: async () => {
      socket.close();
      await once(socket, "close");
    },
  };
}

const headerBytes = 12;
const ipv4 = 1;
const noSuchName = 3;

/** The answer to a query with one question; undefined for anything else. */
function answerTo(query: Buffer, find: (name: string) => string | undefined): Buffer | undefined {
  if (query.length < headerBytes + 5 || query.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1);
  const address = find(labels.join(".").toLowerCase());
  const records = address !== undefined && type === ipv4 ? [recordOf(address)] : [];
  const header = Buffer.alloc(headerBytes);
  query.copy(header, 0, 0, 2);
  // An answer, of somebody who decides, with recursion as far as it goes.
  header.writeUInt16BE(0x8580 | (address === undefined ? noSuchName : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(headerBytes, at + 5), ...records]);
}

function recordOf(address: string): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt16BE(0xc000 | headerBytes, 0);
  record.writeUInt16BE(ipv4, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(5, 6);
  record.writeUInt16BE(4, 10);
  address.split(".").forEach((part, index) => record.writeUInt8(Number(part), 12 + index));
  return record;
}
