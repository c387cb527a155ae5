import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ClouderError } from "#core/error";
import { owner, tenant, type Arm } from "./arm/arm.ts";
import { ensurePart, type CachedPart } from "./cache.ts";
import { install } from "./host-tools.ts";
import { progressOf } from "./progress.ts";
import { runProgram } from "./run-program.ts";

/** It pins its own clients of Azure's services exactly. */
const version = "2.91.0";
const environment = { PIP_DISABLE_PIP_VERSION_CHECK: "1", PYTHONDONTWRITEBYTECODE: "" };

const azureCli: CachedPart = {
  name: "azure-cli",
  title: `azure-cli ${version}`,
  expected: "about 5 minutes",
  inputs: version,
  recipe: [import.meta.filename],
  build: async (folder) => {
    const venv = ["python3", "-m", "venv", folder];
    const made = await runProgram(venv, { environment, allowFailure: true });
    if (made.status !== 0) {
      await install(["python3", "python3-venv"], (line) => process.stderr.write(`${line}\n`));
      await runProgram(venv, { environment });
    }
    const python = join(folder, "bin", "python");
    await runProgram([python, "-m", "pip", "install", "--quiet", `azure-cli==${version}`], {
      environment,
    });
  },
};

/** Runs `az` and gives what it says, as JSON; commands wait for each other. */
export interface AzureCli extends AsyncDisposable {
  (...words: readonly string[]): Promise<unknown>;
}

/** Microsoft's command line, logged in to the fake as its owner; its settings lie in `folder`. */
export async function openAzureCli(
  { endpoint, authority }: Pick<Arm, "endpoint" | "authority">,
  folder: string,
): Promise<AzureCli> {
  const place = await ensurePart(
    azureCli,
    progressOf(1, () => undefined),
  );
  // The venv may have moved since it was made: its own start scripts name the old place.
  const az = startAz(join(place, "bin", "python"), {
    AZURE_CONFIG_DIR: join(folder, "az"),
    AZURE_CORE_COLLECT_TELEMETRY: "false",
    AZURE_CORE_INSTANCE_DISCOVERY: "false",
    AZURE_CORE_LOGIN_EXPERIENCE_V2: "false",
    REQUESTS_CA_BUNDLE: authority,
  });
  await az(
    ...["cloud", "register", "-n", "lab", "--endpoint-resource-manager", endpoint],
    ...["--endpoint-active-directory", endpoint, "--endpoint-management", endpoint],
    ...["--endpoint-active-directory-resource-id", endpoint],
    ...["--endpoint-active-directory-graph-resource-id", endpoint, "--skip-endpoint-discovery"],
  );
  await az("cloud", "set", "-n", "lab");
  const principal = ["-u", owner.client, "-p", owner.secret, "--tenant", tenant];
  await az("login", "--service-principal", ...principal);
  return az;
}

/** One process for all commands; it dies with this one. */
function startAz(python: string, environment: Readonly<Record<string, string>>): AzureCli {
  const program = join(import.meta.dirname, "azure-cli.py");
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", python, program], {
    env: { ...process.env, ...environment },
    stdio: "pipe",
  });
  const closed = once(child, "close");
  // A process that is gone gives no answer; that tells the story.
  child.stdin.on("error", () => undefined);
  let lastWords = "";
  child.stderr.on("data", (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-4000);
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const run = async (words: readonly string[]): Promise<unknown> => {
    lastWords = "";
    child.stdin.write(`${JSON.stringify([...words, "-o", "json"])}\n`);
    const answer = await answers.next();
    const { status, stdout } = (
      answer.done ? { status: "no answer", stdout: "" } : JSON.parse(answer.value)
    ) as { status: number | string; stdout: string };
    if (status === 0) return stdout.trim() === "" ? undefined : (JSON.parse(stdout) as unknown);
    const command = ["az", ...words.slice(0, 3)].join(" ");
    throw new ClouderError("remote-command", `${command} ended with ${status}: ${lastWords}`);
  };
  let last: Promise<unknown> = Promise.resolve();
  const az = (...words: readonly string[]): Promise<unknown> => {
    const answer = last.then(() => run(words));
    last = answer.catch(() => undefined);
    return answer;
  };
  const end = async (): Promise<void> => {
    child.stdin.end();
    await closed;
  };
  return Object.assign(az, { [Symbol.asyncDispose]: end });
}
