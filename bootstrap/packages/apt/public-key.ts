import { createHash } from "node:crypto";
import { ClouderError } from "#core/error";

/**
 * Gives a published OpenPGP key in apt's binary form after a check that it is the pinned one and
 * brings no other: whatever else lay in the keyring could sign packages, too.
 */
export function pinnedKey(published: Uint8Array, fingerprint: string, url: string): Uint8Array {
  const binary = withoutArmor(Buffer.from(published));
  const found = primaryFingerprints(binary);
  const pinned = fingerprint.replaceAll(/\s/g, "").toUpperCase();
  if (found.length === 0) {
    throw new ClouderError("integrity", `${url} is no OpenPGP public key`, {
      hint: "look at the address; a proxy may have answered instead",
    });
  }
  if (found.length > 1 || !found[0]?.endsWith(pinned)) {
    throw new ClouderError("integrity", `${url} holds the key ${found.join(", ")}, not ${pinned}`, {
      hint: "do not go on before its owner has announced another key; for a mirror that signs itself, give its key's fingerprint in spec.packages.fingerprints",
      details: { found, pinned },
    });
  }
  return binary;
}

function withoutArmor(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1");
  const armor = /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n([\s\S]*?)-----END PGP/.exec(text);
  if (!armor) return bytes;
  const lines = (armor[1] ?? "").split(/\r?\n/);
  const start = lines.indexOf("") + 1;
  // The line that begins with = is a checksum of 24 bits, worth nothing here.
  const body = lines.slice(start).filter((line) => !line.startsWith("="));
  return Buffer.from(body.join(""), "base64");
}

const publicKeyTag = 6;

/** Fingerprints of the primary keys among the packets (RFC 4880 and 9580), in capitals. */
function primaryFingerprints(bytes: Buffer): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const packet = packetAt(bytes, at);
    if (!packet) return [];
    if (packet.tag === publicKeyTag) found.push(fingerprintOf(packet.body));
    at = packet.end;
  }
  return found;
}

interface Packet {
  readonly tag: number;
  readonly body: Buffer;
  readonly end: number;
}

function packetAt(bytes: Buffer, at: number): Packet | undefined {
  const head = bytes[at] ?? 0;
  if ((head & 0x80) === 0) return undefined;
  const fresh = (head & 0x40) !== 0;
  const length = fresh ? newLength(bytes, at + 1) : oldLength(bytes, at + 1, head & 3);
  if (!length || length.next + length.size > bytes.length) return undefined;
  const end = length.next + length.size;
  const tag = fresh ? head & 0x3f : (head >> 2) & 0x0f;
  return { tag, body: bytes.subarray(length.next, end), end };
}

interface Length {
  readonly size: number;
  /** Where the body begins. */
  readonly next: number;
}

function oldLength(bytes: Buffer, at: number, kind: number): Length | undefined {
  const width = [1, 2, 4][kind];
  if (width === undefined || at + width > bytes.length) return undefined;
  return { size: bytes.readUIntBE(at, width), next: at + width };
}

/** Partial lengths do not occur in keys. */
function newLength(bytes: Buffer, at: number): Length | undefined {
  const first = bytes[at] ?? 224;
  if (first < 192) return { size: first, next: at + 1 };
  if (first < 224) return { size: ((first - 192) << 8) + (bytes[at + 1] ?? 0) + 192, next: at + 2 };
  if (first !== 255 || at + 5 > bytes.length) return undefined;
  return { size: bytes.readUInt32BE(at + 1), next: at + 5 };
}

function fingerprintOf(body: Buffer): string {
  const modern = (body[0] ?? 4) >= 5;
  const head = Buffer.alloc(modern ? 5 : 3);
  head[0] = modern ? 0x9b : 0x99;
  head.writeUIntBE(body.length, 1, modern ? 4 : 2);
  const hash = createHash(modern ? "sha256" : "sha1")
    .update(head)
    .update(body);
  return hash.digest("hex").toUpperCase();
}
