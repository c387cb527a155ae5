import { expect, it } from "vitest";
import { createCluster } from "#bootstrap/create-cluster";
import type { ClouderError } from "#core/error";
import type { ReportEvent } from "#core/report";
import { longCommand } from "#test/fakes/simulated-machines";
import { createSshWorld, type SshWorld } from "#test/fakes/ssh-world";

/** The user's own machines are all looked at before one is changed: servers of ssh2 in this process. */

const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
const create = (world: SshWorld) =>
  createCluster(world.request, { report: () => undefined, clock });
const failure = (world: SshWorld) => create(world).catch((error: unknown) => error as ClouderError);

/** Long commands, each with the number of its host. */
function watching() {
  const seen: string[] = [];
  const pace = (host: number, argv: readonly string[]) => {
    const kind = longCommand(argv);
    if (kind !== undefined) seen.push(`${kind} ${host}`);
    return Promise.resolve();
  };
  return { seen, pace };
}

it("a machine that answers late is waited for, before any is changed", async () => {
  const { seen, pace } = watching();
  const { promise: until, resolve: answer } = Promise.withResolvers<true>();
  await using world = await createSshWorld({
    hosts: 4,
    pace,
    faults: { 2: { kind: "late", until } },
  });
  const untouched = world.state();
  const events: ReportEvent[] = [];
  const at = (type: string, step: string, host: string) =>
    events.findIndex(
      (one) => one.type === type && "step" in one && one.step === step && one.host === host,
    );
  const others = ["fleet-master", "fleet-node-1", "fleet-node-3"];
  const created = createCluster(world.request, {
    clock,
    report: (event) => {
      events.push(event);
      if (others.every((host) => at("step-done", "facts", host) >= 0)) answer(true);
    },
  });
  await until;
  expect(world.state()).toEqual(untouched);
  expect(await created).toMatchObject({ changed: true, complete: true });
  for (const host of others) {
    const looked = at("step-done", "facts", "fleet-node-2");
    expect(at("step-started", "prepare-host", host)).toBeGreaterThan(looked);
  }
  expect(seen.filter((one) => one.startsWith("proof"))).toHaveLength(4);
});

it("one that never answers is named, none is changed, and the next create ends it", async () => {
  await using world = await createSshWorld({ hosts: 4, faults: { 2: { kind: "refuses" } } });
  const untouched = world.state();
  expect(await failure(world)).toMatchObject({
    code: "unreachable",
    message: expect.stringMatching(
      /^connect on fleet-node-2: cannot reach fleet-node-2 .*ECONNREFUSED/,
    ) as string,
  });
  expect(world.state()).toEqual(untouched);
  await world.fleet.revive(2);
  expect(await create(world)).toMatchObject({ changed: true, complete: true });
  expect(await create(world)).toMatchObject({ changed: false });
});

it("one that dies later is named, the others' work is kept, and the next create ends it", async () => {
  const { seen, pace } = watching();
  const faults = { 2: { kind: "dies", at: /dpkg -i/ } } as const;
  await using world = await createSshWorld({ hosts: 4, pace, faults });
  expect(await failure(world)).toMatchObject({
    message: expect.stringMatching(/^install-packages on fleet-node-2/) as string,
  });
  expect(seen.filter((one) => one.startsWith("proof")).toSorted()).toEqual([
    "proof 0",
    "proof 1",
    "proof 3",
  ]);
  await world.fleet.revive(2);
  expect(await create(world)).toMatchObject({ changed: true, complete: true });
  expect(seen.filter((one) => one.startsWith("proof"))).toHaveLength(4);
  expect(seen.filter((one) => one.startsWith("kubeadm")).toSorted()).toEqual([
    ...["kubeadm init 0", "kubeadm join 1", "kubeadm join 2", "kubeadm join 3"],
  ]);
  expect(await create(world)).toMatchObject({ changed: false });
});

const helperOf = (argv: readonly string[]) => argv.some((word) => word.endsWith("/apt-helper"));
const gone = (argv: readonly string[]) => {
  const url = new URL(argv.at(-2) ?? "");
  const line = `E: Failed to fetch ${url.href}  Temporary failure resolving '${url.hostname}'`;
  return { status: 100, stdout: "", stderr: line };
};

it("machines that do not reach the public repositories are told with these and the cure, none is changed", async () => {
  const answer = (host: number, argv: readonly string[]) =>
    helperOf(argv) && host === 1 ? gone(argv) : undefined;
  await using world = await createSshWorld({ hosts: 3, packages: { kind: "online" }, answer });
  const untouched = world.state();
  const error = await failure(world);
  expect(error).toMatchObject({
    code: "unreachable",
    hint: expect.stringMatching(/proxy.*mirror in spec\.packages.*--bundle/) as string,
  });
  expect(error).toHaveProperty("message");
  const { message } = error as ClouderError;
  expect(message).toMatch(/^facts on fleet-node-1: fleet-node-1 does not reach key https:\/\/pkgs/);
  expect(message).toMatch(/does not reach key https:\/\/download\.docker\.com\/linux\/debian\/gpg/);
  expect(message).not.toMatch(/fleet-master|fleet-node-2/);
  expect(world.state()).toEqual(untouched);
});

it("a repository's other faults are not told by the look, and machines with their packages ask none", async () => {
  let asked = 0;
  const noticed = "/var/lib/clouder/bootstrap/installed.json";
  const answer = (host: number, argv: readonly string[]) => {
    if (host === 1 && argv[0] === "cat" && argv.at(-1) === noticed) {
      return { status: 0, stdout: '{"wanted":"x"}', stderr: "" };
    }
    if (!helperOf(argv)) return undefined;
    asked += 1;
    const stderr = "E: Certificate verification failed: The certificate is NOT trusted.";
    return { status: 100, stdout: "", stderr };
  };
  const only = "compare-hosts";
  const packages = { kind: "online" };
  await using world = await createSshWorld({ hosts: 2, packages, answer, only });
  expect(await create(world)).toMatchObject({ complete: false });
  expect(asked).toBe(2);
});
