import { join } from "node:path";
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

/** The argv that starts `az`; the venv may have moved since it was made. */
export async function azureCliProgram(): Promise<readonly [string, ...string[]]> {
  const place = await ensurePart(
    azureCli,
    progressOf(1, () => undefined),
  );
  return [join(place, "bin", "python"), "-m", "azure.cli"];
}
