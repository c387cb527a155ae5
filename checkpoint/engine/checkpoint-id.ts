import { randomInt } from "node:crypto";

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";

/** A new id: `20261121t042036z-k3x9q`; sorts by time, is a DNS label, and is not to be guessed twice. */
export function newCheckpointId(now: number): string {
  const stamp = new Date(now).toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "").toLowerCase();
  const tail = Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join("");
  return `${stamp}-${tail}`;
}

/** Whether a word looks like a checkpoint's id, and so is not meant as a pod's name. */
export function isCheckpointId(word: string): boolean {
  return /^\d{8}t\d{6}z-[a-z0-9]{5}$/.test(word);
}
