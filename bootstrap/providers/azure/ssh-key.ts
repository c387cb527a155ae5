import type { AzureSettings } from "./settings.ts";
import { ensureClusterKey, keyFileOf, publicKey } from "#bootstrap/providers/cluster-key";

/** Fails unless the user's key has its public half. */
export async function checkKey(settings: AzureSettings, folder: string): Promise<void> {
  if (settings.key !== undefined) await publicKey(keyFileOf(settings, folder), "Azure");
}

/** The public line that machines let in. */
export async function ensureKey(settings: AzureSettings, folder: string): Promise<string> {
  const line =
    settings.key === undefined
      ? await ensureClusterKey(folder)
      : await publicKey(keyFileOf(settings, folder), "Azure");
  return line.trim();
}
