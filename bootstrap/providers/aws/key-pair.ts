import { DescribeKeyPairsCommand, ImportKeyPairCommand } from "@aws-sdk/client-ec2";
import { ours, tagged, uniqueName } from "./identity.ts";
import { ensurePart, given, type Place } from "./part.ts";
import { createOnce, look, type AwsSession } from "./session.ts";
import type { AwsSettings } from "./settings.ts";
import { ensureClusterKey, keyFileOf, publicKey } from "#bootstrap/providers/cluster-key";

/** Fails unless the key can be used: its public half is there, or EC2 has the named pair. */
export async function checkKey(
  session: AwsSession,
  settings: AwsSettings,
  folder: string,
): Promise<void> {
  const { key, keyPair } = settings;
  if (keyPair === undefined) {
    if (key !== undefined) await publicKey(keyFileOf(settings, folder), "EC2");
    return;
  }
  // `not-found` says how to import one.
  await look(session, `find the key pair ${keyPair}`, () =>
    session.ec2.send(new DescribeKeyPairsCommand({ KeyNames: [keyPair] })),
  );
}

/** The name of the key pair that machines get; the public key is imported when it is missing. */
export async function ensureKeyPair(
  place: Place,
  settings: AwsSettings,
  folder: string,
): Promise<string> {
  if (settings.keyPair !== undefined) return settings.keyPair;
  const { session, identity } = place;
  const line =
    settings.key === undefined
      ? await ensureClusterKey(folder)
      : await publicKey(keyFileOf(settings, folder), "EC2");
  const name = uniqueName(identity, "-key", 255);
  const part = { part: "key-pair", role: "access", name };
  return await ensurePart(place, part.part, {
    find: async () => {
      const { KeyPairs: [found] = [] } = await look(session, "look for the key pair", () =>
        session.ec2.send(new DescribeKeyPairsCommand({ Filters: ours(identity, part.part) })),
      );
      return found?.KeyName;
    },
    create: async () => {
      const made = await createOnce(session, "import the public key", () =>
        session.ec2.send(
          new ImportKeyPairCommand({
            KeyName: name,
            PublicKeyMaterial: Buffer.from(line.trim()),
            ...tagged(identity, part, "key-pair"),
          }),
        ),
      );
      return given(made.KeyName, "the key pair");
    },
  });
}
