import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { wantedMachines } from "#bootstrap/spec/machines";
import type { ClouderError } from "#core/error";
import { subscription } from "#test/lab/arm/arm";
import { startAzureWorld, type AzureWorld, type ClusterWish } from "./azure-world.ts";

/** What users get wrong, or what has changed under them: told with the cure, and nothing is made. */

let world: AzureWorld;
beforeAll(async () => {
  world = await startAzureWorld();
});
beforeEach(() => {
  world.reset();
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => world.close());

const refused = async (wish: ClusterWish): Promise<ClouderError> => {
  const context = await world.context(wish);
  const error: unknown = await world.provider.preflight(context).catch((reason: unknown) => reason);
  expect(world.arm.calls.filter(({ method }) => method !== "GET")).toEqual([]);
  expect(await readdir(context.folder)).not.toContain("azure.json");
  return error as ClouderError;
};

test.each([
  ["eastsu", "did you mean eastus? "],
  ["usgov7", "give another --region; "],
])("B1 the region %s, which does not exist, is refused with the cure", async (region, cure) => {
  expect(await refused({ settings: { region } })).toMatchObject({
    code: "config",
    message: `Azure has no region "${region}" for this subscription`,
    hint: `${cure}kubectl clouder azure regions lists them`,
  });
});

describe("A8 a token that has expired", () => {
  const expired = { kind: "error", status: 401, code: "ExpiredAuthenticationToken" } as const;

  test("A8 is told before anything is made", async () => {
    world.arm.rule = () => expired;
    expect(await refused({})).toMatchObject({
      code: "unauthenticated",
      message: expect.stringContaining("ExpiredAuthenticationToken") as string,
      hint: expect.stringContaining("az login") as string,
    });
  });

  test("A8 in the middle of a create ends it, and the next create goes on", async () => {
    const context = await world.context({ workers: 1 });
    world.arm.rule = ({ method, path }) =>
      method === "PUT" && path.includes("/virtualMachines/") ? expired : undefined;
    const ensure = () => world.provider.ensure(context, wantedMachines(context.spec));
    await expect(ensure()).rejects.toMatchObject({ code: "unauthenticated" });
    world.arm.rule = () => undefined;
    expect(await ensure()).toHaveLength(2);
    expect(world.everything().filter((one) => / dev-(master|node-1)$/.test(one))).toHaveLength(2);
  });
});

describe("A6 a login of the Azure CLI that has ended", () => {
  /** A CLI that cannot renew its token, with its own words. */
  const withCli = async (stderr: string): Promise<ClouderError> => {
    const folder = join(world.home, "cli");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "az"), `#!/bin/sh\ncat >&2 <<'END'\n${stderr}\nEND\nexit 1\n`);
    await chmod(join(folder, "az"), 0o755);
    vi.stubEnv("PATH", `${folder}:/usr/bin:/bin`);
    vi.stubEnv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential");
    const nobody = { AZURE_CLIENT_ID: undefined, AZURE_CLIENT_SECRET: undefined };
    return await refused({
      environment: { ...nobody, AZURE_TENANT_ID: undefined, AZURE_SUBSCRIPTION_ID: subscription },
    });
  };

  test.each([
    [
      "with its token",
      "AADSTS700082: The refresh token has expired due to inactivity.",
      "az login --scope https://management.core.windows.net//.default",
    ],
    [
      "by a policy",
      "AADSTS70043: The refresh token has expired or is invalid due to sign-in frequency checks.",
      "az logout\naz login --scope https://management.core.windows.net//.default",
    ],
  ])("A6 %s is told with Azure's cause and az login", async (_how, cause, words) => {
    const error = await withCli(
      `ERROR: ${cause}\nInteractive authentication is needed. Please run:\n${words}`,
    );
    expect(error).toMatchObject({
      code: "unauthenticated",
      message: `cannot log in to Azure: ${cause.replace(/\.$/, "")}`,
      hint: "the login has ended, log in again: az login",
    });
  });

  // Of these words the SDK hands on that there is no login.
  test.each([
    "ERROR: Please run 'az login' to setup account.",
    "ERROR: AADSTS50076: Use multi-factor authentication.\naz login --tenant x --scope y/.default",
  ])("A6 with other words it is told with az login, too: %s", async (words) => {
    expect(await withCli(words)).toMatchObject({
      code: "unauthenticated",
      hint: expect.stringContaining("az login") as string,
    });
  });
});
