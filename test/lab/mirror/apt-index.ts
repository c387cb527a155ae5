import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256Of } from "../docker-archive.ts";
import { outputOf, runProgram } from "../run-program.ts";

/** Writes `Packages` for the packages of a folder; `prefix` is what stands before their names. */
export async function writePackages(folder: string, target: string, prefix = ""): Promise<void> {
  const entries: string[] = [];
  for (const name of (await readdir(folder)).filter((one) => one.endsWith(".deb")).sort()) {
    const file = join(folder, name);
    const control = (await outputOf(["dpkg-deb", "-f", file])).trimEnd();
    const { size } = await stat(file);
    entries.push(
      [control, `Filename: ${prefix}${name}`, `Size: ${size}`, `SHA256: ${await sha256Of(file)}`]
        .join("\n")
        .concat("\n"),
    );
  }
  await mkdir(target, { recursive: true });
  await writeFile(join(target, "Packages"), entries.join("\n"));
}

/** A key that signs repositories, made for one run. */
export interface SigningKey {
  readonly fingerprint: string;
  /** As vendors publish it. */
  readonly armored: string;
  readonly sign: (text: string) => Promise<string>;
  /** Ends the agent that gpg starts. */
  readonly close: () => Promise<void>;
}

/** Makes a key in a folder of its own. */
export async function makeSigningKey(home: string): Promise<SigningKey> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback"];
  const who = "kubectl-clouder lab <lab@example.org>";
  await runProgram([...gpg, "--passphrase", "", "--quick-gen-key", who, "rsa3072", "sign", "2d"]);
  const listed = await outputOf([...gpg, "--with-colons", "--list-keys"]);
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? "";
  return {
    fingerprint,
    armored: await outputOf([...gpg, "--armor", "--export"]),
    sign: async (text) => {
      const { stdout } = await runProgram([...gpg, "--clearsign"], { stdin: text });
      return stdout;
    },
    close: async () => {
      await runProgram(["gpgconf", "--homedir", home, "--kill", "all"], { allowFailure: true });
    },
  };
}

/** The text of a `Release` file for one list of packages. */
export async function releaseText(
  list: string,
  place: string,
  facts: { readonly suite?: string; readonly component?: string },
): Promise<string> {
  const text = await readFile(list);
  const digest = createHash("sha256").update(text).digest("hex");
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  return [
    "Origin: kubectl-clouder lab",
    ...(facts.suite === undefined ? [] : [`Suite: ${facts.suite}`, `Codename: ${facts.suite}`]),
    ...(facts.component === undefined ? [] : [`Components: ${facts.component}`]),
    `Architectures: ${architecture}`,
    `Date: ${new Date().toUTCString()}`,
    "SHA256:",
    ` ${digest} ${text.length} ${place}`,
    "",
  ].join("\n");
}
