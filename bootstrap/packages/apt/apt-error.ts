import { dpkgFailed } from "#bootstrap/packages/dpkg";
import { ClouderError, type ErrorInit } from "#core/error";

interface Cause {
  readonly pattern: RegExp;
  readonly code: ConstructorParameters<typeof ClouderError>[0];
  readonly message: (host: string, about: string) => string;
  readonly init: ErrorInit;
}

const offline = "or give an offline bundle with --bundle";

/** What apt says, what it means, and what helps; the first that fits. */
const causes: readonly Cause[] = [
  {
    pattern: /EXPKEYSIG|key.*expired|expired.*key/i,
    code: "integrity",
    message: (_host, about) => `the key that signs ${about} has expired`,
    init: {
      hint: "look whether its owner has prolonged it; for a mirror, sign its Release files anew",
    },
  },
  {
    pattern:
      /NO_PUBKEY|BADSIG|Missing key|\/sqv |is not signed|signatures? (were|was|couldn't)|Hash Sum mismatch|unexpected size/i,
    code: "integrity",
    message: (_host, about) => `${about} is not what the pinned key signed`,
    init: {
      hint: "do not go on: look at who runs that host; a mirror needs the vendor's InRelease as it is, or a key of its own in spec.packages.fingerprints",
    },
  },
  {
    pattern: /certificate|SSL|TLS|handshake/i,
    code: "unauthenticated",
    message: (host, about) => `${host} does not trust the certificate of ${about}`,
    init: { hint: "give the authority that signed it (PEM) in spec.packages.ca" },
  },
  {
    pattern: /no space left|enough free space/i,
    code: "no-space",
    message: (host, about) => `${host} has no room for ${about}`,
    init: { hint: "make room in /var and /usr there: about 1 GiB" },
  },
  {
    pattern:
      /Could not (resolve|connect)|Connection (refused|timed out|failed|reset)|Temporary failure|Network is unreachable|No route|Unable to connect|timed out/i,
    code: "unreachable",
    message: (host, about) => `${host} does not reach ${about}`,
    init: {
      hint: `let the machine reach that host (a proxy goes to /etc/apt/apt.conf.d), name a mirror in spec.packages, ${offline}`,
      retryable: true,
    },
  },
  {
    pattern: /404 +Not Found|does not have a Release file|no longer has a Release|403 +Forbidden/i,
    code: "not-found",
    message: (host, about) => `${host} finds no ${about}`,
    init: {
      hint: "look at the address and at --kubernetes-version; a mirror keeps the vendor's folders",
    },
  },
  {
    pattern:
      /need to be removed but remove is disabled|packages have unmet dependencies|held broken/i,
    code: "conflict",
    message: (host, about) => `${host} has packages beside which ${about} cannot be installed`,
    init: {
      hint: "look with apt-get install --simulate there; remove docker.io, containerd or runc of the distribution",
    },
  },
];

/** The error of a run of apt-get: its cause by name where that is known. */
export function aptFailed(host: string, about: string, said: string): ClouderError {
  const lines = said
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const cause = causes.find(({ pattern }) => pattern.test(said));
  if (!cause) return dpkgFailed(host, `apt-get for ${about}`, said);
  const fitting = lines.filter((line) => cause.pattern.test(line));
  const shown = fitting.find((line) => line.startsWith("E:")) ?? fitting.at(-1) ?? "";
  return new ClouderError(cause.code, `${cause.message(host, about)}: ${shown}`, {
    ...cause.init,
    details: { host, output: lines.slice(-12) },
  });
}
