import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ClouderError } from "#core/error";
import { expected } from "#plugin/cli/system-error";

const refusal = (code: string) =>
  Object.assign(new Error(code), { code, syscall: "open", path: "/home/ana/.clouder/lock" });

test.each([
  ["EACCES", "denied", "permission denied"],
  ["EROFS", "denied", "read-only"],
  ["ENOSPC", "no-space", "full"],
  ["EDQUOT", "no-space", "quota"],
  ["ENOTDIR", "config", "no folder"],
])("%s of a file is an expected error with path and cure", (code, kind, why) => {
  expect(expected(refusal(code))).toMatchObject({
    code: kind,
    message: expect.stringMatching(
      new RegExp(`^cannot use /home/ana/.clouder/lock: .*${why}`),
    ) as string,
    hint: expect.stringMatching(/./) as string,
  });
});

test("other errors stay what they are: a missing file is ours to look for", async () => {
  const missing: unknown = await readFile("/nonexistent/x").catch((error: unknown) => error);
  const own = new ClouderError("busy", "somebody else is at it");
  const bug = new TypeError("x is not a function");
  for (const error of [missing, own, bug, "text"]) expect(expected(error)).toBe(error);
});
