import { afterEach, describe, expect, it } from "vitest";
import { argument, command, environmentName } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { allNamespacesFlag, boolean, namespaceFlags, string, waitFlags } from "#plugin/cli/flags";
import { parseArguments } from "#plugin/cli/run-command";

const definition = command({
  summary: "for tests",
  args: { pod: argument({ required: true }) },
  flags: {
    ...namespaceFlags,
    ...waitFlags,
    "all-namespaces": allNamespacesFlag,
    container: string({ char: "c", multiple: true }),
    stop: boolean({}),
  },
  run: () => Promise.resolve(undefined),
});
const parse = (...argv: readonly string[]) => parseArguments("checkpoint:pod", definition, argv);

afterEach(() => {
  delete process.env["CLOUDER_NAMESPACE"];
});

it("flags that were not given are false, absent, or their default", async () => {
  const { args, flags } = await parse("x");
  expect(args).toEqual({ pod: "x" });
  expect(flags).toMatchObject({ stop: false, wait: true, timeout: "0", output: "table" });
  expect(flags).not.toHaveProperty("namespace");
});

it("a repeatable flag takes one value each, so that arguments may follow it", async () => {
  const { args, flags } = await parse("-c", "one", "x", "-c", "two", "--no-wait");
  expect(args).toEqual({ pod: "x" });
  expect(flags).toMatchObject({ container: ["one", "two"], wait: false });
});

it("flags win over the environment, the environment over defaults", async () => {
  process.env["CLOUDER_NAMESPACE"] = "from-environment";
  expect((await parse("x")).flags["namespace"]).toBe("from-environment");
  expect((await parse("x", "-n", "from-flag")).flags["namespace"]).toBe("from-flag");
});

it("every flag of every command has its variable", () => {
  for (const [name, flag] of Object.entries(definition.flags)) {
    expect(flag.env).toBe(environmentName(name));
  }
  expect(environmentName("request-timeout")).toBe("CLOUDER_REQUEST_TIMEOUT");
});

describe("what does not fit is a usage error with a cure:", () => {
  it.each([
    [[], /^POD is missing$/, /checkpoint pod --help/],
    [["x", "y"], /unexpected argument: y/, /--help/],
    [["x", "--stpo"], /--stpo/, /did you mean --stop/],
    [["x", "-o", "jsn"], /jsn.*table, wide, json, yaml, name/, /--help/],
    [["x", "-n"], /--namespace expects a value/, /--help/],
    [["x", "-A", "-n", "a"], /--all-namespaces/, /--help/],
  ] as const)("%j", async (argv, message, hint) => {
    await expect(parse(...argv)).rejects.toMatchObject({ code: "usage", message, hint });
  });
});

it("durations are written as kubectl users write them", () => {
  expect(milliseconds("timeout", "30s")).toBe(30_000);
  expect(milliseconds("timeout", "1m30s")).toBe(90_000);
  expect(milliseconds("timeout", "2h")).toBe(7_200_000);
  expect(milliseconds("timeout", "250ms")).toBe(250);
  expect(milliseconds("timeout", "5")).toBe(5000);
  expect(milliseconds("timeout", "0")).toBe(0);
  expect(() => milliseconds("timeout", "soon")).toThrow(/--timeout "soon"/);
});
