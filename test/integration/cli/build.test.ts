import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import type { Catalog } from "#plugin/cli/catalog";
import { environmentName } from "#plugin/cli/command";
import { commandsPage } from "#plugin/cli/commands-page";

/** About the build in dist/, which `npm test` makes first. */
const root = join(import.meta.dirname, "../../..");
const run = promisify(execFile);

interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      {
        readonly bytes: number;
        readonly imports: readonly { readonly path: string; readonly kind: string }[];
        readonly inputs: Readonly<Record<string, object>>;
      }
    >
  >;
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), "utf8"));
let metafile: Metafile;
let catalog: Catalog;
beforeAll(() => {
  metafile = read("dist/metafile.json") as Metafile;
  catalog = read("dist/commands.json") as Catalog;
});

/** What is loaded with an entry before it runs: the chunks it imports, but not by import(). */
function closure(entry: string): readonly string[] {
  const seen = new Set<string>();
  const visit = (output: string) => {
    if (seen.has(output)) return;
    seen.add(output);
    for (const { path, kind } of metafile.outputs[output]?.imports ?? []) {
      if (kind === "import-statement" && path in metafile.outputs) visit(path);
    }
  };
  visit(entry);
  return [...seen];
}

function commandOutputs(): string[] {
  return Object.keys(metafile.outputs).filter((path) => path.startsWith("dist/plugin/commands/"));
}

const sdk = /node_modules\/(@aws-sdk|@smithy|@azure|@kubernetes|ssh2|yaml)\//;

describe("what a command loads before it runs", () => {
  it("there is one output per command of the catalog", () => {
    const ids = commandOutputs().map((path) =>
      path.slice("dist/plugin/commands/".length, -".js".length).replaceAll("/", ":"),
    );
    expect(ids.sort()).toEqual(Object.keys(catalog.commands).sort());
  });

  it("is under 400 kB and holds no SDK", () => {
    for (const entry of commandOutputs()) {
      const outputs = closure(entry);
      const bytes = outputs.reduce(
        (sum, output) => sum + (metafile.outputs[output]?.bytes ?? 0),
        0,
      );
      const inputs = outputs.flatMap((output) =>
        Object.keys(metafile.outputs[output]?.inputs ?? {}),
      );
      expect(
        inputs.filter((input) => sdk.test(input)),
        entry,
      ).toEqual([]);
      expect(bytes, entry).toBeLessThan(400_000);
    }
  });

  it("is under 40 kB and without oclif for help, version and completion of commands", () => {
    for (const entry of ["dist/plugin/cli/main.js", "dist/plugin/cli/complete.js"]) {
      const outputs = closure(entry);
      const bytes = outputs.reduce(
        (sum, output) => sum + (metafile.outputs[output]?.bytes ?? 0),
        0,
      );
      const inputs = outputs.flatMap((output) =>
        Object.keys(metafile.outputs[output]?.inputs ?? {}),
      );
      expect(
        inputs.filter((input) => input.includes("node_modules")),
        entry,
      ).toEqual([]);
      expect(bytes, entry).toBeLessThan(40_000);
    }
  });
});

describe("the program", () => {
  const clouder = (...args: readonly string[]) =>
    run(join(root, "bin/kubectl-clouder"), args, { encoding: "utf8" }).then(
      ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
      (error: unknown) => {
        const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
        return { status: code, stdout, stderr };
      },
    );

  it("shows the help of every command and topic, on standard output", async () => {
    for (const id of Object.keys(catalog.help)) {
      const { status, stdout, stderr } = await clouder(...id.split(":").filter(Boolean), "--help");
      expect({ id, status, stderr }).toEqual({ id, status: 0, stderr: "" });
      expect(stdout).toContain("USAGE\n  $ kubectl clouder");
    }
  });

  it("says its version, also as JSON", async () => {
    const { version } = read("package.json") as { readonly version: string };
    expect((await clouder("--version")).stdout).toBe(`kubectl-clouder ${version}\n`);
    expect((await clouder("version")).stdout).toBe(`kubectl-clouder ${version}\n`);
    expect(JSON.parse((await clouder("version", "-o", "json")).stdout)).toMatchObject({
      clientVersion: version,
    });
  });

  it("ends with 2 and a suggestion on a wrong command or flag, with nothing on standard output", async () => {
    for (const [args, hint] of [
      [["versoin"], /did you mean "version"/],
      [["version", "--outptu", "json"], /did you mean --output/],
      [["checkpoint", "pod"], /--help/],
    ] as const) {
      const { status, stdout, stderr } = await clouder(...args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(hint);
    }
  });

  it("writes errors as JSON with -o json", async () => {
    const { status, stderr } = await clouder(
      ...["checkpoint", "list", "--kubeconfig", "/nonexistent", "-o", "json"],
    );
    expect(status).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "config" } });
  });

  it("what the system refuses about the user's own files is no mistake of the program", async () => {
    const home = await mkdtemp(join(tmpdir(), "clouder-system-"));
    await writeFile(join(home, ".clouder"), "");
    const { stderr, code } = await run(join(root, "bin/kubectl-clouder"), ["ctx", "ls"], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: home },
    }).then(
      () => ({ stderr: "", code: 0 }),
      (error: unknown) => error as { readonly stderr: string; readonly code: number },
    );
    await rm(home, { recursive: true });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: cannot use .*: a part of it is a file.* \(config\)\n/);
    expect(stderr).toContain("cure: look at HOME");
  });

  it("a command that compares keeps 1 for differences: its errors end with 2", async () => {
    const none = ["-f", join(root, "package.json"), "--bundle", "/nonexistent"];
    expect((await clouder("cluster", "apply", ...none)).status).toBe(1);
    const { status, stdout, stderr } = await clouder("cluster", "plan", ...none);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/package\.json:\d+:\d+: \S+ is not a known field/);
  });

  it("completes commands, and answers an unreachable cluster with no candidates instead of noise", async () => {
    const complete = (...args: readonly string[]) =>
      run(join(root, "bin/kubectl_complete-clouder"), args, {
        encoding: "utf8",
        env: { ...process.env, KUBECONFIG: "/nonexistent" },
      });
    expect((await complete("checkpoint", "")).stdout).toMatch(/^delete\t.*\nlist\t/);
    expect(await complete("checkpoint", "pod", "")).toEqual({ stdout: ":4\n", stderr: "" });
  });
});

describe("what is written down agrees with the program:", () => {
  it("docs/commands.md (npm run docs writes it)", () => {
    expect(readFileSync(join(root, "docs/commands.md"), "utf8")).toBe(commandsPage(catalog));
  });

  it("oclif's manifest names a variable for each flag of each command", () => {
    const { commands } = read("oclif.manifest.json") as {
      readonly commands: Record<
        string,
        { readonly flags: Record<string, { readonly env?: string }> }
      >;
    };
    expect(Object.keys(commands).sort()).toEqual(Object.keys(catalog.commands).sort());
    for (const [id, { flags }] of Object.entries(commands)) {
      for (const [name, { env }] of Object.entries(flags)) {
        expect(env, `${id} --${name}`).toBe(environmentName(name));
      }
    }
  });

  it("every topic of the commands has a description", () => {
    const { oclif } = read("package.json") as { readonly oclif: { readonly topics: object } };
    const topics = Object.keys(catalog.commands)
      .filter((id) => id.includes(":"))
      .map((id) => id.split(":")[0] ?? "");
    for (const topic of new Set(topics)) expect(oclif.topics).toHaveProperty(topic);
  });
});
