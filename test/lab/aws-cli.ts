import { join } from "node:path";
import { ensurePart, type CachedPart } from "./cache.ts";
import { progressOf } from "./progress.ts";
import { makeVenv, venvRecipe } from "./python-venv.ts";

/** Amazon's own command line, pinned: a second opinion on what is in the cloud. */
const packages = [
  ...["awscli==1.46.2", "colorama==0.4.6", "docutils==0.19", "jmespath==1.1.0"],
  ...["python-dateutil==2.9.0.post0", "pyyaml==6.0.3", "rsa==4.7.2", "urllib3==2.8.0"],
  ...["pyasn1==0.6.5", "six==1.17.0"],
] as const;

const awscli: CachedPart = {
  name: "awscli",
  title: "awscli 1.46.2",
  expected: "about 30 seconds",
  inputs: packages,
  recipe: [import.meta.filename, venvRecipe],
  build: (folder) => makeVenv(folder, packages),
};

/** How `aws` is called; it is installed into the lab's cache where it is missing. */
export async function awsProgram(
  say: (line: string) => void = () => undefined,
): Promise<readonly string[]> {
  const folder = await ensurePart(awscli, progressOf(1, say));
  // Its script has the path of the folder in which it was installed, before that got its name.
  return [join(folder, "bin", "python"), "-m", "awscli"];
}
