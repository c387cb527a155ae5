import { randomInt } from "node:crypto";

const alphabet = "bcdfghjklmnpqrstvwxz2456789";

/** `<yyyymmdd>t<hhmmss>z-<5 characters>`: a DNS label that sorts by time. */
export const checkpointIdForm = /^\d{8}t\d{6}z-[a-z0-9]{5}$/;

/** A new id for the time `now` (milliseconds since the epoch, UTC). */
export function newCheckpointId(now: number): string {
  const time = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").toLowerCase();
  const tail = Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join("");
  return `${time}z-${tail}`;
}

export function isCheckpointId(text: string): boolean {
  return checkpointIdForm.test(text);
}
