import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { storeDrivers } from "#checkpoint/stores/registry";
import { errorCodes, exitStatus, ClouderError } from "#core/error";

const root = join(import.meta.dirname, "../../..");

function files(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

const lines = (file: string) => readFileSync(file, "utf8").trimEnd().split("\n").length;

it("no command has more than 40 lines: it parses, calls one job and returns what is shown", () => {
  const long = files("plugin/commands").filter((file) => lines(file) > 40);
  expect(long).toEqual([]);
});

it("core stays under 500 lines", () => {
  expect(files("core").reduce((sum, file) => sum + lines(file), 0)).toBeLessThan(500);
});

it("no expectation compares a text with a pattern where every text would do", () => {
  // toMatchObject takes any text for a pattern: expect.stringMatching does not.
  const pattern = /\b(message|hint|cause|why): \/(?![/*])/;
  const loose = files("test").filter((file) => pattern.test(readFileSync(file, "utf8")));
  expect(loose).toEqual([]);
});

it("no folder or file has a name that says nothing", () => {
  const rooms = ["core", "kube", "checkpoint", "bootstrap", "webhook", "plugin", "test"];
  const named = rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, withFileTypes: true }),
  );
  const banned = /^(utils?|helpers?|common|shared|manager|misc)(\.|$)/;
  expect(named.filter(({ name }) => banned.test(name)).map(({ name }) => name)).toEqual([]);
});

describe("a registry knows exactly the drivers that are there:", () => {
  it("stores", () => {
    const folder = join(root, "checkpoint/stores");
    const drivers = readdirSync(folder).filter((file) =>
      /^export const \w+Driver\b/m.test(readFileSync(join(folder, file), "utf8")),
    );
    expect(drivers.map((file) => basename(file, ".ts")).sort()).toEqual(
      Object.keys(storeDrivers).sort(),
    );
  });

  it("providers", async () => {
    const { providers } = await import("#bootstrap/providers/registry");
    const folder = join(root, "bootstrap/providers");
    const folders = readdirSync(folder).filter((name) =>
      statSync(join(folder, name)).isDirectory(),
    );
    expect(folders.sort()).toEqual(Object.keys(providers).sort());
  });
});

it("docs/errors.md lists every error code with its exit status, and no other", () => {
  const text = readFileSync(join(root, "docs/errors.md"), "utf8");
  const listed = [...text.matchAll(/^\| `([a-z-]+)` +\| (\d+) +\|/gm)].map(
    ([, code, status]) => [code, Number(status)] as const,
  );
  const wanted = errorCodes.map((code) => [code, exitStatus(new ClouderError(code, "x"))] as const);
  expect(listed.sort()).toEqual([...wanted].sort());
});

it("the README's table of exit codes has each status that can occur", () => {
  const text = readFileSync(join(root, "README.md"), "utf8");
  const listed = [...text.matchAll(/^\| (\d+) +\|/gm)].map(([, status]) => Number(status));
  const possible = new Set([
    0,
    ...errorCodes.map((code) => exitStatus(new ClouderError(code, "x"))),
  ]);
  expect(new Set(listed)).toEqual(possible);
});
