import { chmod, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { wantedMachines } from "#bootstrap/spec/machines";
import type { CommandContext, CommandDefinition } from "#plugin/cli/command";
import { parseArguments } from "#plugin/cli/run-command";
import azure from "#plugin/commands/azure";
import configure from "#plugin/commands/azure/configure";
import regions from "#plugin/commands/azure/regions";
import resourceGroups from "#plugin/commands/azure/resource-groups";
import subscriptions from "#plugin/commands/azure/subscriptions";
import vmLs from "#plugin/commands/azure/vm-ls";
import { contributor, owner, subscription, tenant } from "#test/lab/arm/arm";
import { startAzureWorld, type AzureWorld } from "./azure-world.ts";

let world: AzureWorld;
let environment: NodeJS.ProcessEnv;
beforeAll(async () => {
  world = await startAzureWorld();
  environment = { ...process.env };
});
beforeEach(() => {
  world.reset();
});
afterEach(async () => {
  process.env = { ...environment };
  await rm(join(world.home, ".clouder"), { recursive: true, force: true });
});
afterAll(() => world.close());

/** The environment of a caller who said nothing yet. */
const plain = () => ({
  HOME: world.home,
  AZURE_AUTHORITY_HOST: world.arm.endpoint,
  AZURE_RESOURCE_MANAGER_ENDPOINT: world.arm.endpoint,
});

async function run(
  definition: CommandDefinition,
  argv: readonly string[],
  more: Readonly<Record<string, string | undefined>> = {},
) {
  const context: CommandContext = {
    signal: new AbortController().signal,
    report: (event) => world.events.push(event),
    clock: world.clock,
    kube: () => Promise.reject(new Error("no cluster")),
    namespace: () => Promise.reject(new Error("no cluster")),
    confirm: () => Promise.resolve(false),
    askSecret: () => Promise.reject(new Error("nobody is asked")),
    environment: { ...plain(), ...more },
  };
  return await definition.execute(await parseArguments("azure", definition, argv), context);
}

const file = () => join(world.home, ".clouder", "azure", "azure.yaml");
const login = (client: string) => ["-s", subscription, "-t", tenant, "-c", client];

describe("A5 azure configure", () => {
  test("A5 keeps a checked service principal in a file of mode 600, and shows it masked", async () => {
    const secret = join(world.home, "secret");
    await writeFile(secret, `${owner.secret}\n`, { mode: 0o600 });
    const argv = [...login(owner.client), "--client-secret-from", secret, "--no-interactive"];
    const result = await run(configure, argv);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await readFile(file(), "utf8")).toBe(
      `subscription_id: ${subscription}\ntenant_id: ${tenant}\nclient_id: ${owner.client}\nclient_secret: ${owner.secret}\n`,
    );
    expect(JSON.stringify(result)).not.toContain(owner.secret);
    expect(world.events).toEqual([]);
    expect((await run(subscriptions, []))?.object).toEqual([
      expect.objectContaining({ subscriptionId: subscription, chosen: true }),
    ]);
  });

  test("A5 takes the original's --client-secret, with a warning; and the secret of the environment", async () => {
    const argv = [
      ...["--subscription-id", subscription, "--tenant-id", tenant],
      ...["--client-id", owner.client, "--client-secret", owner.secret, "--no-interactive"],
    ];
    await run(configure, argv);
    expect(JSON.stringify(world.events)).toContain("--client-secret-from");
    expect(JSON.stringify(world.events)).not.toContain(owner.secret);
    await run(
      configure,
      [...login(contributor.client), "--client-secret-from", "env", "--no-interactive"],
      { AZURE_CLIENT_SECRET: contributor.secret },
    );
    expect(await readFile(file(), "utf8")).toContain(contributor.secret);
  });

  test.each([
    ["a secret that is wrong", ["--client-secret", "wrong"], "unauthenticated"],
    ["a principal without a secret", [], "usage"],
  ])("A5 writes nothing for %s", async (_what, more, code) => {
    const argv = [...login(owner.client), ...more, "--no-interactive"];
    await expect(run(configure, argv)).rejects.toMatchObject({ code });
    await expect(stat(file())).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("A4 A5 writes nothing for a subscription that is disabled, or not there", async () => {
    const argv = ["--client-secret", owner.secret, "--no-interactive"];
    world.arm.settings.state = "Disabled";
    await expect(run(configure, [...login(owner.client), ...argv])).rejects.toMatchObject({
      code: "denied",
    });
    const nowhere = ["-s", tenant, "-t", tenant, "-c", owner.client];
    await expect(run(configure, [...nowhere, ...argv])).rejects.toMatchObject({
      code: "not-found",
      hint: expect.stringContaining("correct") as string,
    });
    await expect(stat(file())).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("A5 without a terminal says how to do without one", async () => {
    await expect(run(configure, ["-s", subscription])).rejects.toMatchObject({
      code: "usage",
      hint: expect.stringContaining("--no-interactive") as string,
    });
  });
});

describe("A6 the order of credentials", () => {
  const write = async (path: string, client: string, secret: string) => {
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(
      path,
      `subscription_id: ${subscription}\ntenant_id: ${tenant}\nclient_id: ${client}\nclient_secret: ${secret}\n`,
      { mode: 0o600 },
    );
  };

  test("A6 the environment wins over the file, and brings its own secret", async () => {
    await write(file(), "from-file", "secret-of-file");
    const shown = async (more: Readonly<Record<string, string>>) =>
      (await run(azure, [], more))?.object;
    expect(await shown({})).toMatchObject({ client: "from-file", login: "service principal" });
    const own = { AZURE_CLIENT_ID: owner.client, AZURE_CLIENT_SECRET: owner.secret };
    expect(await shown(own)).toMatchObject({
      ...{ client: owner.client, subscription, secret: "********" },
      sources: { client: "environment", secret: "environment", subscription: file() },
    });
    // Another client's secret is not sent for this one.
    const alone = await shown({ AZURE_CLIENT_ID: owner.client });
    expect(alone).not.toHaveProperty("secret");
    expect(alone).toMatchObject({ login: "az login and its like" });
    expect((await run(regions, [], own))?.object).toHaveLength(3);
  });

  test("A6 the setting wins over the environment", async () => {
    const context = await world.context({
      settings: { subscription: "99999999-9999-4999-8999-999999999999" },
    });
    await expect(world.provider.preflight(context)).rejects.toThrow(/99999999/);
  });

  test("A5 the file where the original wrote it is read, too", async () => {
    await write(
      join(world.home, ".clouder", "clouds", "azure", "azure.yaml"),
      owner.client,
      owner.secret,
    );
    expect((await run(regions, []))?.object).toHaveLength(3);
  });

  test("A5 a secret's file that others can read is told with the cure, and one of mode 600 is not", async () => {
    await write(file(), owner.client, owner.secret);
    const told = () =>
      world.events.flatMap((event) => (event.type === "note" ? [event.message] : []));
    await chmod(file(), 0o644);
    await run(regions, []);
    expect(told()).toContain(
      `others can read ${file()}, which holds a secret: chmod 600 ${file()}`,
    );
    world.events.length = 0;
    await chmod(file(), 0o600);
    await run(regions, []);
    expect(told()).toEqual([]);
  });

  test("A6 a file that is no YAML is told without its content", async () => {
    await mkdir(join(file(), ".."), { recursive: true });
    await writeFile(file(), "client_secret: 'hidden\n\t: {");
    const failure = run(azure, []);
    await expect(failure).rejects.toMatchObject({ code: "config" });
    await expect(failure).rejects.not.toThrow(/hidden/);
  });

  test("A4 A8 no login at all: az login, and access to the subscription", async () => {
    // The chain asks the tools of this machine; none of them is logged in.
    Object.assign(process.env, { AZURE_TOKEN_CREDENTIALS: "AzureCliCredential", PATH: world.home });
    await expect(run(subscriptions, [])).rejects.toMatchObject({
      code: "unauthenticated",
      message: expect.stringContaining("DefaultAzureCredential failed") as string,
      hint: expect.stringMatching(/az login.*access to the subscription/) as string,
    });
  });
});

describe("A7 commands", () => {
  const own = () => ({
    AZURE_SUBSCRIPTION_ID: subscription,
    AZURE_TENANT_ID: tenant,
    AZURE_CLIENT_ID: owner.client,
    AZURE_CLIENT_SECRET: owner.secret,
  });

  test("A7 bare azure shows the configuration, not help, and never the secret", async () => {
    const result = await run(azure, [], own());
    expect(result?.text).toMatch(/subscription: +2222.*\(environment\)/);
    expect(result?.text).toMatch(/secret: +\*{8}/);
    expect(JSON.stringify(result)).not.toContain(owner.secret);
  });

  test("A7 azure regions, resource-groups and vm-ls -g list what is there, whoever made it", async () => {
    const context = await world.context({ workers: 1 });
    await world.provider.ensure(context, wantedMachines(context.spec));
    expect((await run(regions, [], own()))?.object).toContainEqual({
      ...{ name: "eastus", title: "East US", zones: 3 },
    });
    expect((await run(resourceGroups, [], own()))?.object).toEqual([
      { name: "dev-rg", region: "eastus", cluster: "dev" },
    ]);
    const machines = await run(vmLs, ["-g", "dev-rg"], own());
    expect(machines?.names).toEqual(["machine/dev-master", "machine/dev-node-1"]);
    expect((await run(vmLs, [], own()))?.object).toEqual(machines?.object);
    await expect(run(vmLs, ["-g", "nowhere"], own())).rejects.toMatchObject({ code: "not-found" });
  });
});
