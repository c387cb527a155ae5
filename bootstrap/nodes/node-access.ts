import type { AskSecret } from "#bootstrap/nodes/ask-secret";

/** Port to one machine: run commands, read and write files. */
export interface NodeAccess {
  /** Name for people and logs, for example `lab-node-1`. */
  readonly host: string;
  /**
   * Runs argv as root (through sudo where the user is not root), never through string building:
   * drivers quote. Rejects with `remote-command` (details: host, status, the last output lines)
   * on a non-zero status unless `allowFailure`.
   */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  readFile(path: string): Promise<Uint8Array>;
  /** Writes atomically (temporary file with the final mode, then rename); parents are made. */
  writeFile(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  /** Copies a local file to the machine; skips nothing, verifies the size. */
  upload(localPath: string, remotePath: string, options?: UploadOptions): Promise<void>;
  /** Ends the connection; commands under way are lost. */
  close(): Promise<void>;
}

export interface RunOptions {
  /** Sent to the command's standard input; the way secrets travel. */
  readonly stdin?: string | Uint8Array;
  /** A local file sent to standard input, streamed; instead of `stdin`. */
  readonly stdinFile?: string;
  /** Then, as after an abort, the call rejects at once; a remote command may run on to its end. */
  readonly timeoutMs?: number;
  readonly allowFailure?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Called with each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface UploadOptions {
  readonly mode?: number;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** How a machine is reached; what a provider's `list` gives for each machine. */
export type NodeAddress = SshAddress | { readonly access: "local" };

/** An SSH server and who logs in there. */
export interface SshLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Path of the private key; absent: `agent`. */
  readonly keyFile?: string;
  /** Socket of an SSH agent (SSH_AUTH_SOCK, read at the edge). */
  readonly agent?: string;
  /** For a key with a passphrase, and for sudo with a password. */
  readonly askSecret?: AskSecret;
}

export interface SshAddress extends SshLogin {
  readonly access: "ssh";
  /** Known-hosts file that pins the host keys; entries are added on first contact. */
  readonly knownHostsFile: string;
  /** The only machine from which this one can be reached. */
  readonly jump?: SshLogin;
}

export interface NodeAccessDriver {
  connect(name: string, address: NodeAddress, signal?: AbortSignal): Promise<NodeAccess>;
}
