import { ClouderError } from "#core/error";

/** A command line of runc `create`, as containerd's go-runc writes it. */
export interface CreateCall {
  /** Everything before the command: --root, --log, --systemd-cgroup … */
  readonly globals: readonly string[];
  readonly log: string | undefined;
  readonly bundle: string;
  readonly pidFile: string | undefined;
  readonly consoleSocket: string | undefined;
  readonly noPivot: boolean;
  /** How many open files beyond the standard three runc is to hand on. */
  readonly preservedFds: number;
  readonly containerID: string;
}

const globalsWithValue = new Set(["--root", "--log", "--log-format", "--criu", "--rootless"]);
const optionsWithValue = new Set([
  "--bundle",
  "-b",
  "--pid-file",
  "--console-socket",
  "--pidfd-socket",
  "--preserve-fds",
]);

interface Scanned {
  readonly options: ReadonlyMap<string, string>;
  /** Index of the first word that is no option. */
  readonly end: number;
}

function scan(words: readonly string[], withValue: ReadonlySet<string>): Scanned {
  const options = new Map<string, string>();
  let index = 0;
  for (; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (!word.startsWith("-")) break;
    const equals = word.indexOf("=");
    if (equals > 0) {
      options.set(word.slice(0, equals), word.slice(equals + 1));
    } else if (withValue.has(word)) {
      index += 1;
      options.set(word, words[index] ?? "");
    } else {
      options.set(word, "");
    }
  }
  return { options, end: index };
}

/** Takes a `runc [globals] create [options] ID` command line apart; `usage` when it is none. */
export function parseCreateCall(argv: readonly string[]): CreateCall {
  const globals = scan(argv, globalsWithValue);
  const rest = argv.slice(globals.end + 1);
  const create = scan(rest, optionsWithValue);
  const containerID = rest[create.end];
  if (
    argv[globals.end] !== "create" ||
    containerID === undefined ||
    rest.length !== create.end + 1
  ) {
    throw new ClouderError("usage", "the restore helper was not called with a runc create command");
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(containerID)) {
    throw new ClouderError("refused", `invalid container id "${containerID}"`);
  }
  return {
    globals: argv.slice(0, globals.end),
    log: globals.options.get("--log"),
    bundle: create.options.get("--bundle") ?? create.options.get("-b") ?? ".",
    pidFile: create.options.get("--pid-file"),
    consoleSocket: create.options.get("--console-socket"),
    noPivot: create.options.has("--no-pivot"),
    preservedFds: Math.trunc(Number(create.options.get("--preserve-fds") ?? 0)) || 0,
    containerID,
  };
}

/** The `runc restore` command line that takes the place of `call`. */
export function restoreArguments(
  call: CreateCall,
  images: string,
  workFolder: string,
): readonly string[] {
  return [
    ...call.globals,
    "restore",
    "--detach",
    // containerd's shim reaps orphans itself, as with its own restores.
    "--no-subreaper",
    ...["--bundle", call.bundle, "--image-path", images, "--work-path", workFolder],
    // The cgroups are those of the new pod, made by runc from config.json.
    ...["--manage-cgroups-mode", "ignore"],
    ...(call.pidFile === undefined ? [] : ["--pid-file", call.pidFile]),
    ...(call.consoleSocket === undefined ? [] : ["--console-socket", call.consoleSocket]),
    ...(call.noPivot ? ["--no-pivot"] : []),
    call.containerID,
  ];
}
