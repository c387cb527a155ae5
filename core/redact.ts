/** Keeps registered secrets out of anything that is shown or logged. */
export interface Redactor {
  /** From now on `secret` is replaced wherever it occurs; values under 4 characters are ignored. */
  readonly hide: (secret: string) => void;
  readonly redact: (text: string) => string;
}

export function createRedactor(): Redactor {
  const secrets = new Set<string>();
  return {
    hide: (secret) => {
      if (secret.length >= 4) secrets.add(secret);
    },
    redact: (text) => {
      let shown = text;
      for (const secret of secrets) shown = shown.replaceAll(secret, "[redacted]");
      return shown;
    },
  };
}

/** Makes untrusted text safe for a terminal: control characters become visible escapes. */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
