import { describe, expect, it } from "vitest";
import { outputOf, runProgram } from "#test/lab/run-program";

describe("a program of the lab", () => {
  it("reads what it is given and gives back both streams", async () => {
    const environment = { GREETING: "hello" };
    const script = 'read line; echo "$GREETING $line"; echo aside >&2';
    expect(await runProgram(["sh", "-c", script], { environment, stdin: "you\n" })).toEqual({
      status: 0,
      stdout: "hello you\n",
      stderr: "aside\n",
    });
  });

  it("that fails is an error with its last words, unless a failure is allowed", async () => {
    const argv = ["sh", "-c", "echo no room >&2; exit 7"];
    await expect(outputOf(argv)).rejects.toThrow(/ended with 7: no room/);
    expect((await runProgram(argv, { allowFailure: true })).status).toBe(7);
  });

  it("that takes too long is ended", async () => {
    const options = { timeoutMs: 50, allowFailure: true };
    expect((await runProgram(["sleep", "30"], options)).status).toBe(143);
  });

  it("runs in the given folder", async () => {
    expect(await outputOf(["pwd"], { folder: "/usr" })).toBe("/usr\n");
  });
});
