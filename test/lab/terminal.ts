import { runProgram } from "./run-program.ts";

/** What a person waits to see, and types then. */
export type Step = readonly [seen: string, typed: string];

export interface TerminalResult {
  readonly status: number;
  /** Everything that was on the screen, what was typed and echoed included. */
  readonly screen: string;
}

/** A terminal of its own, on which a person answers in turn; Python has pseudo terminals, Node has none. */
const driver = `
import json, os, pty, select, sys, time
steps, argv = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(argv[0], argv)
screen, read, deadline = "", 0, time.monotonic() + 60
while time.monotonic() < deadline:
    if steps:
        at = screen.find(steps[0][0], read)
        if at >= 0:
            read = at + len(steps[0][0])
            os.write(terminal, steps.pop(0)[1].encode())
    if not select.select([terminal], [], [], 0.05)[0]:
        continue
    try:
        some = os.read(terminal, 65536)
    except OSError:
        break
    if not some:
        break
    screen += some.decode(errors="replace")
else:
    os.kill(pid, 9)
_, status = os.waitpid(pid, 0)
print(json.dumps({"status": os.waitstatus_to_exitcode(status), "screen": screen}))
`;

/** Runs a program on a pseudo terminal and answers what it asks; a program that hangs is killed. */
export async function onTerminal(
  argv: readonly string[],
  steps: readonly Step[],
  environment: Readonly<Record<string, string>>,
): Promise<TerminalResult> {
  const { stdout } = await runProgram(["python3", "-c", driver, JSON.stringify(steps), ...argv], {
    environment,
  });
  return JSON.parse(stdout) as TerminalResult;
}
