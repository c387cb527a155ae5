import { parseLocation, type StoreLocation } from "#checkpoint/stores/location";
import { ClouderError } from "#core/error";

/** What a command line may say of a store besides its URL. */
export interface StoreFlags {
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly pathStyle?: boolean | undefined;
  readonly kmsKeyId?: string | undefined;
}

/** Refuses flags that stores of the URL's kind have no use for: they would be silently without effect. */
export function requireFittingFlags(url: string, flags: StoreFlags): StoreLocation {
  const location = parseLocation(url);
  const { scheme } = location;
  refuseFirst(`does not go with ${url}`, "correct the URL", {
    ...(scheme === "file" ? { "--endpoint": flags.endpoint !== undefined } : {}),
    ...(scheme === "s3" ? {} : s3Flags(flags)),
  });
  return location;
}

/** A CheckpointStore has all of its settings in itself. */
export function requireNoFlags(store: string, flags: StoreFlags): void {
  const given = { "--endpoint": flags.endpoint !== undefined, ...s3Flags(flags) };
  refuseFirst(`does not go with the CheckpointStore "${store}"`, "give a URL", given);
}

/** `usage` for the first flag that was given and is odd. */
export function refuseFirst(
  why: string,
  cure: string,
  odd: Readonly<Record<string, boolean>>,
): void {
  const first = Object.entries(odd).find(([, isOdd]) => isOdd);
  if (!first) return;
  throw new ClouderError("usage", `${first[0]} ${why}`, {
    hint: `leave ${first[0]} out, or ${cure}`,
  });
}

function s3Flags({ region, pathStyle, kmsKeyId }: StoreFlags) {
  return {
    "--region": region !== undefined,
    "--path-style": pathStyle === true,
    "--kms-key-id": kmsKeyId !== undefined,
  };
}
