import { join } from "node:path";
import { install } from "./host-tools.ts";
import { runProgram } from "./run-program.ts";

const environment = { PIP_DISABLE_PIP_VERSION_CHECK: "1", PYTHONDONTWRITEBYTECODE: "" };

/** This file decides what comes out, too. */
export const venvRecipe = import.meta.filename;

/** A virtual environment of Python with exactly these pinned packages, all dependencies named. */
export async function makeVenv(folder: string, packages: readonly string[]): Promise<void> {
  const venv = ["python3", "-m", "venv", folder];
  const made = await runProgram(venv, { environment, allowFailure: true });
  if (made.status !== 0) {
    await install(["python3", "python3-venv"], (line) => process.stderr.write(`${line}\n`));
    await runProgram(venv, { environment });
  }
  const python = join(folder, "bin", "python");
  await runProgram([python, "-m", "pip", "install", "--quiet", "--no-deps", ...packages], {
    environment,
  });
}
