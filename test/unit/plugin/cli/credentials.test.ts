import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ClouderError } from "#core/error";
import { readCredentials } from "#plugin/cli/credentials";

const secret = "hunter2hunter2";
let file = "";
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-credentials-"));
  file = join(folder, "keys");
});
afterEach(() => rm(folder, { recursive: true }));

describe("credentials are read from", () => {
  it.each([
    ["JSON", JSON.stringify({ accessKeyId: "id", secretAccessKey: secret })],
    [
      "an AWS credentials file",
      `[default]\naws_access_key_id = id\naws_secret_access_key = ${secret}\n`,
    ],
    ["lines of variables", `# comment\nAWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY=${secret}\n`],
  ])("%s", async (_title, text) => {
    await writeFile(file, text);
    expect(await readCredentials(file, "s3", {})).toEqual({
      accessKeyId: "id",
      secretAccessKey: secret,
    });
  });

  it("the environment, by the scheme's own names", async () => {
    const environment = { AZURE_STORAGE_CONNECTION_STRING: secret, AWS_ACCESS_KEY_ID: "other" };
    expect(await readCredentials("env", "azblob", environment)).toEqual({
      connectionString: secret,
    });
    const named = { AZURE_STORAGE_ACCOUNT: "acc", AZURE_STORAGE_KEY: secret };
    expect(await readCredentials("env", "azblob", named)).toEqual({
      accountName: "acc",
      accountKey: secret,
    });
  });

  it("nowhere when it was not asked for", async () => {
    expect(await readCredentials(undefined, "s3", { AWS_ACCESS_KEY_ID: "id" })).toBeUndefined();
  });
});

describe("what is wrong is named, its value never:", () => {
  it.each([
    ["a missing half", `{"accessKeyId":"${secret}"}`, /secretAccessKey/],
    ["an unknown key", `accesKey=${secret}`, /"accesKey"/],
    ["broken JSON", `{"accessKeyId": "${secret}`, /JSON/],
    ["a line without a key", secret, /line 1/],
  ])("%s", async (_title, text, message) => {
    await writeFile(file, text);
    const error = (await readCredentials(file, "s3", {}).catch(
      (thrown: unknown) => thrown,
    )) as ClouderError;
    expect(error).toMatchObject({ code: "usage", message });
    expect(`${error.message}${error.hint ?? ""}${String(error.cause)}`).not.toContain(secret);
  });

  it("an environment without them", async () => {
    await expect(readCredentials("env", "s3", {})).rejects.toMatchObject({
      code: "usage",
      hint: expect.stringMatching(/AWS_ACCESS_KEY_ID/) as string,
    });
  });
});
