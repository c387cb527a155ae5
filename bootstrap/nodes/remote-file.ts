import type { NodeAccess, RunOptions } from "#bootstrap/nodes/node-access";
import { ClouderError } from "#core/error";

/**
 * Writes standard input, `$3` bytes, to `$1` with mode `$2`: into a new file beside it that nobody
 * else can read, then renames, so that readers see the old or the new content and never a part:
 * where the sender dies, the input ends early.
 */
const writeScript = `
umask 077
folder=$(dirname -- "$1")
(umask 022; mkdir -p -- "$folder")
new=$(mktemp -- "$folder/.clouder.XXXXXXXX")
trap 'rm -f -- "$new"' EXIT
cat > "$new"
size=$(stat -c %s -- "$new")
if [ "$size" = "$3" ]; then
  chmod -- "$2" "$new"
  mv -f -- "$new" "$1"
  trap - EXIT
fi
echo "$size"
`;

/** argv that writes its standard input of `bytes` to `path` and prints how many arrived. */
export function writeCommand(path: string, mode: number, bytes: number): readonly string[] {
  return ["sh", "-ec", writeScript, "sh", path, mode.toString(8).padStart(4, "0"), String(bytes)];
}

/** Fails unless what arrived is what was sent. */
export function checkSize(host: string, path: string, printed: string, sent: number): void {
  const arrived = Number(printed.trim());
  if (arrived !== sent) {
    throw new ClouderError(
      "integrity",
      `${path} on ${host} has ${printed.trim()} bytes instead of ${sent}`,
      { hint: "look at the free space of that machine and run the command again" },
    );
  }
}

/** The error of a command that ended with a status it should not have. */
export function commandFailed(
  host: string,
  argv: readonly string[],
  result: { readonly status: number; readonly stdout: string; readonly stderr: string },
): ClouderError {
  const output = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-12);
  const shown = argv[0] === "sh" || argv[0] === "bash" ? "a script" : (argv[0] ?? "a command");
  return new ClouderError(
    "remote-command",
    `${shown} on ${host} ended with status ${result.status}: ${output.slice(-3).join(" | ")}`,
    { details: { host, status: result.status, output } },
  );
}

/** Runs argv and gives trimmed stdout. */
export async function output(
  access: NodeAccess,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return (await access.run(argv, options)).stdout.trim();
}

/** True when argv ends with status 0. */
export async function succeeds(access: NodeAccess, argv: readonly string[]): Promise<boolean> {
  return (await access.run(argv, { allowFailure: true })).status === 0;
}
