import { afterEach, describe, expect, it } from "vitest";
import { checked, isHttpUrl } from "#plugin/cli/checks";
import { command, environmentName } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import {
  allNamespacesFlag,
  boolean,
  integer,
  namespaceFlags,
  string,
  waitFlags,
} from "#plugin/cli/flags";
import { containersFlag, nameArgument } from "#plugin/cli/names";
import { parseArguments } from "#plugin/cli/run-command";

const definition = command({
  summary: "for tests",
  args: { pod: nameArgument("a pod") },
  flags: {
    ...namespaceFlags,
    ...waitFlags,
    "all-namespaces": allNamespacesFlag,
    container: containersFlag("containers"),
    endpoint: checked(string({}), isHttpUrl),
    count: integer({}),
    stop: boolean({}),
  },
  run: () => Promise.resolve(undefined),
});
const parse = (...argv: readonly string[]) => parseArguments("checkpoint:pod", definition, argv);

afterEach(() => {
  delete process.env["CLOUDER_NAMESPACE"];
  delete process.env["CLOUDER_TIMEOUT"];
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
    [["x", "-A", "-n", "a"], /^--namespace=a .* --all-namespaces/, /--help/],
    [["x", "--count", "many"], /^--count: expected an integer but received: many$/, /--help/],
    [["x", "--timeout", "soon"], /^--timeout "soon" is not a duration/, /30s/],
    [["x", "--request-timeout", "1y"], /^--request-timeout "1y"/, /30s/],
    [["My_Pod"], /^POD "My_Pod" is no name/, /small letters/],
    [["x", "-c", "one", "-c", "Two"], /^--container "Two" is no such name/, /small letters/],
    [["x", "-n", "a.b"], /^--namespace "a.b" is no such name/, /small letters/],
    [["x", "--endpoint", "there"], /^--endpoint "there" is no http/, /https:/],
    [["--timeout", "soon"], /^POD is missing$/, /--help/],
  ] as const)("%j", async (argv, message, hint) => {
    await expect(parse(...argv)).rejects.toMatchObject({ code: "usage", message, hint });
  });
});

it("a variable that does not fit is told by its flag", async () => {
  process.env["CLOUDER_TIMEOUT"] = "later";
  await expect(parse("x")).rejects.toMatchObject({
    code: "usage",
    message: '--timeout "later" is not a duration',
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
