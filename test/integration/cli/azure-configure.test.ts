import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { owner, startArm, subscription, tenant, type Arm } from "#test/lab/arm/arm";
import { onTerminal, type Step } from "#test/lab/terminal";

/** About the build in dist/, which `npm test` makes first, on a terminal as a person has one. */
const program = [join(import.meta.dirname, "../../../bin/clouder"), "azure", "configure"];

let home: string;
let arm: Arm;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "clouder-configure-"));
  arm = await startArm(home);
});
afterEach(() => rm(join(home, ".clouder"), { recursive: true, force: true }));
afterAll(async () => {
  await arm.stop();
  await rm(home, { recursive: true, force: true });
});

const configure = (steps: readonly Step[]) =>
  onTerminal(program, steps, {
    HOME: home,
    AZURE_AUTHORITY_HOST: arm.endpoint,
    AZURE_RESOURCE_MANAGER_ENDPOINT: arm.endpoint,
    NODE_EXTRA_CA_CERTS: arm.authority,
  });
const file = () => join(home, ".clouder", "azure", "azure.yaml");
const answers = {
  subscription: ["Subscription id", `${subscription}\r`],
  tenant: ["Tenant id", `${tenant}\r`],
  client: ["Client id", `${owner.client}\r`],
  secret: ["Client secret", `${owner.secret}\r`],
} as const satisfies Record<string, Step>;
const { secret, ...ids } = answers;
const whole = [...Object.values(ids), secret];
const written = `subscription_id: ${subscription}\ntenant_id: ${tenant}\nclient_id: ${owner.client}\nclient_secret: ${owner.secret}\n`;

describe("A5 azure configure on a terminal", () => {
  test("A5 asks for everything, keeps it for its owner only, and shows no secret", async () => {
    const { status, screen } = await configure(whole);
    expect({ status, screen }).toMatchObject({ status: 0 });
    expect(await readFile(file(), "utf8")).toBe(written);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(screen).toContain(subscription);
    expect(screen).not.toContain(owner.secret);
  });

  test("A5 takes answers that are pasted all at once, the secret among them unseen", async () => {
    const pasted = whole.map(([, typed]) => typed).join("");
    const { status, screen } = await configure([["Subscription id", pasted]]);
    expect({ status, screen }).toMatchObject({ status: 0 });
    expect(await readFile(file(), "utf8")).toBe(written);
    expect(screen).not.toContain(owner.secret);
  });

  test("A5 asks again for an id that is none", async () => {
    const { status, screen } = await configure([
      ["Subscription id", "my subscription\r"],
      ...whole,
    ]);
    expect(status).toBe(0);
    expect(screen).toMatch(/that is no id like 0{8}-.*az account show/);
    expect(await readFile(file(), "utf8")).toBe(written);
  });

  test.each<[string, readonly Step[], number, RegExp, RegExp]>([
    [
      "a secret that is wrong",
      [...Object.values(ids), ["Client secret", "not-the-secret\r"]],
      ...([1, /AADSTS7000215/, /cure: check client id, client secret and tenant/] as const),
    ],
    [
      "a secret that is left out",
      [...Object.values(ids), ["Client secret", "\r"]],
      ...([2, /a service principal needs/, /cure: or leave client id and secret out/] as const),
    ],
    [
      "a tenant that is not there",
      [ids.subscription, ["Tenant id", "nobody.example\r"], ids.client, secret],
      ...([1, /AADSTS90002/, /cure: check client id, client secret and tenant/] as const),
    ],
    [
      "Ctrl-C at the secret",
      [...Object.values(ids), ["Client secret", "x\u0003"]],
      130,
      /cancel/,
      /./,
    ],
    ["Ctrl-D at the tenant", [ids.subscription, ["Tenant id", "\u0004"]], 130, /cancel/, /./],
  ])("A5 A8 %s: told in plain words, and nothing is written", async (...row) => {
    const [, steps, code, problem, cure] = row;
    const { status, screen } = await configure(steps);
    expect({ status, screen }).toMatchObject({ status: code });
    expect(screen).toMatch(problem);
    expect(screen).toMatch(cure);
    expect(screen).not.toMatch(/owner-secret|not-the-secret/);
    await expect(stat(file())).rejects.toMatchObject({ code: "ENOENT" });
  });
});
