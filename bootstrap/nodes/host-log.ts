import { appendFile, mkdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "#core/error";
import type { Reporter } from "#core/report";

/** What was done on one machine, kept for people who look into a failure. */
export interface HostLog {
  /** Adds lines; never fails and never waits. */
  readonly write: (text: string) => void;
  /** Ends when everything is on the disk. */
  readonly flush: () => Promise<void>;
}

/** One more file of this size is kept, the older half. */
const largest = 1024 * 1024;
/** Lines of so long, up to a size, are written at once: to open a file for every command is work. */
const gatherMs = 100;
const mostGathered = 65_536;

/**
 * `logs/<host>.log` of a cluster's folder: 0600 in 0700, bounded, without secrets. What keeps it
 * from being written is told once and stops nothing.
 */
export function openHostLog(folder: string, host: string, report: Reporter): HostLog {
  const path = join(logsFolder(folder), `${host}.log`);
  let size: number | undefined;
  let failed = false;
  let work = Promise.resolve();
  let gathered = "";
  let timer: NodeJS.Timeout | undefined;
  const append = async (text: string) => {
    size ??= await sizeOf(path);
    if (size > largest) {
      await rename(path, `${path}.1`);
      size = 0;
    }
    await appendFile(path, text, { mode: 0o600 });
    size += Buffer.byteLength(text);
  };
  const drain = () => {
    clearTimeout(timer);
    timer = undefined;
    const text = gathered;
    gathered = "";
    if (text === "") return;
    work = work
      .then(() => append(text))
      .catch((error: unknown) => {
        if (failed) return;
        failed = true;
        const message = `the log is not complete: ${messageOf(error)}`;
        report({ type: "note", level: "warn", host, message });
      });
  };
  return {
    write: (text) => {
      gathered += withoutSecrets(text);
      if (gathered.length > mostGathered) drain();
      else timer ??= setTimeout(drain, gatherMs);
    },
    flush: () => {
      drain();
      return work;
    },
  };
}

/** Where the logs of a cluster's machines are. */
export function logsFolder(folder: string): string {
  return join(folder, "logs");
}

async function sizeOf(path: string): Promise<number> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

const secrets: readonly (readonly [RegExp, string])[] = [
  // Bootstrap tokens of kubeadm.
  [/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, "[redacted]"],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[redacted]"],
  [/(certificate-?key\W{1,4})[0-9a-f]{64}/gi, "$1[redacted]"],
  [
    /((?:password|passwd|secret|token|client-key-data)["']?\s*[=:]\s*["']?)[^\s"']{4,}/gi,
    "$1[redacted]",
  ],
  [/(bearer\s+)\S+/gi, "$1[redacted]"],
];

/** The text without what gives rights; commands hold none, what programs print might. */
export function withoutSecrets(text: string): string {
  return secrets.reduce((shown, [secret, instead]) => shown.replace(secret, instead), text);
}
