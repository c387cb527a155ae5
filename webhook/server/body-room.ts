/**
 * Bounds what unanswered calls hold in memory: the port is open to every pod of the cluster, and a
 * thousand strangers with large bodies must not end the process.
 */
export interface BodyRoom {
  /** Room for `bytes` more of a body; false when there is none. */
  take(share: BodyShare, bytes: number): boolean;
  /** Gives back all a body held; further calls do nothing. */
  release(share: BodyShare): void;
  readonly held: number;
}

/** What one body holds. */
export interface BodyShare {
  held: number;
}

export interface BodyLimits {
  readonly total: number;
  /** Bodies above `largeFrom` share this, so that they cannot crowd out usual pods. */
  readonly large: number;
  readonly largeFrom: number;
}

const mebibyte = 2 ** 20;

export const bodyLimits: BodyLimits = {
  total: 32 * mebibyte,
  large: 16 * mebibyte,
  largeFrom: mebibyte / 4,
};

/** Two objects of the API server's largest size and their envelope. */
export const bodyLimit = 7 * mebibyte;

export function createBodyRoom(limits: BodyLimits = bodyLimits): BodyRoom {
  let total = 0;
  let large = 0;
  const largePart = (held: number) => (held > limits.largeFrom ? held : 0);
  return {
    take: (share, bytes) => {
      const next = share.held + bytes;
      const grown = largePart(next) - largePart(share.held);
      if (total + bytes > limits.total || large + grown > limits.large) return false;
      total += bytes;
      large += grown;
      share.held = next;
      return true;
    },
    release: (share) => {
      total -= share.held;
      large -= largePart(share.held);
      share.held = 0;
    },
    get held() {
      return total;
    },
  };
}

/** Below this no count is worth its time: the objects of so much JSON cannot fill the heap. */
const countedFrom = mebibyte / 2;
/** A pod of 3 MiB has about a third of it. */
const mostValues = 400_000;

/**
 * True for JSON that would become many times its size in memory, such as millions of empty lists;
 * no pod looks like that.
 */
export function isTooDense(body: Uint8Array): boolean {
  if (body.length < countedFrom) return false;
  let values = 0;
  for (const byte of body) {
    // Comma, opening bracket, opening brace: each begins a value.
    if (byte === 0x2c || byte === 0x5b || byte === 0x7b) values += 1;
  }
  return values > mostValues;
}
