/** What only a person knows; it is kept in memory and sent through standard input. */
export type SecretKind = "key-passphrase" | "sudo-password";

/** Asks for a secret; the same question is asked once. Rejects with `unauthenticated` when nobody can answer. */
export type AskSecret = (kind: SecretKind, about: string) => Promise<string>;
