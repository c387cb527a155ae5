import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { profileVariables } from "#plugin/cli/profile";
import { catalog } from "#test/unit/plugin/cli/catalog-of";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-profile-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function profile(text: string): Promise<string> {
  const file = join(folder, "profile.yaml");
  await writeFile(file, text);
  return file;
}

it("gives a variable for each line, unless the environment has it", async () => {
  const file = await profile("namespace: alice\noutput: json\nstop: true\n");
  const environment = { CLOUDER_PROFILE: file, CLOUDER_OUTPUT: "yaml" };
  expect(await profileVariables(environment, catalog)).toEqual({
    CLOUDER_NAMESPACE: "alice",
    CLOUDER_STOP: "true",
  });
});

it("no profile is no error, a named one that is missing is", async () => {
  expect(await profileVariables({ XDG_CONFIG_HOME: folder }, catalog)).toEqual({});
  const missing = { CLOUDER_PROFILE: join(folder, "none") };
  await expect(profileVariables(missing, catalog)).rejects.toMatchObject({ code: "config" });
});

it.each([
  ["nmespace: alice\n", /nmespace/],
  ["namespace: [a, b]\n", /flag: value/],
  ["namespace: {", /YAML/],
])("%j is refused", async (text, message) => {
  const file = await profile(text);
  await expect(profileVariables({ CLOUDER_PROFILE: file }, catalog)).rejects.toMatchObject({
    code: "config",
    message,
  });
});
