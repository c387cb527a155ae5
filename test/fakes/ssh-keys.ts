import ssh2 from "ssh2";

/** A pair of ed25519 keys; ssh2 writes one of some hundreds so that it cannot read it itself. */
export function readableKeys(lock?: {
  readonly passphrase: string;
  readonly cipher: string;
  readonly rounds: number;
}): Pick<ReturnType<typeof ssh2.utils.generateKeyPairSync>, "private" | "public"> {
  for (;;) {
    const keys = ssh2.utils.generateKeyPairSync("ed25519", lock ?? {});
    const read = ssh2.utils.parseKey(keys.private, lock?.passphrase);
    if (!(read instanceof Error)) return keys;
  }
}
