import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Finding } from "#core/finding";
import { hostState } from "#test/e2e/host-state";
import { differences, machineState } from "#test/e2e/machine-state";
import { addressOf, readiness, type NodeObject } from "#test/e2e/node-object";
import { lab } from "#test/e2e/scenario";
import { spoiled, thingsOfTheUser } from "#test/e2e/users-machine";
import { outputOf } from "#test/lab/run-program";
import { raiseOwnMachines, type OwnMachines } from "#test/lab/own-machines";
import { testImages } from "#test/lab/versions";

/** The user's own machines: found with things of the user's on them, handed back as they were. */

const cluster = lab();
const name = "own";
const machinesName = "own-machines";
const folder = join(cluster.home, ".clouder", "kubeadm", name);
const environment = { KUBECONFIG: join(folder, "kubeconfig") };
let hostBefore: string;
let own: OwnMachines;
let before: readonly ReadonlySet<string>[];

beforeAll(async () => {
  hostBefore = await hostState();
  own = await raiseOwnMachines(cluster, machinesName);
  await Promise.all(own.machines.map(({ run }) => run(["sh", "-ec", thingsOfTheUser])));
  before = await Promise.all(own.machines.map(machineState));
});
afterAll(async () => {
  for (const one of [name, machinesName]) {
    await cluster.clouder(["cluster", "delete", one, "--yes"], { allowFailure: true });
  }
});

interface Wish {
  readonly called?: string;
  readonly user?: string;
  readonly key?: string;
}

function create(wish: Wish = {}): readonly string[] {
  const { called = name, user = own.admin, key = own.keyFile } = wish;
  return [
    ...["cluster", "create", called, "--provider", "ssh", "--key", key, "--bundle", cluster.bundle],
    ...own.machines.flatMap(({ address }) => ["--host", `${user}@${address}`]),
    ...["--yes", "-o", "json"],
  ];
}

async function refusal(args: readonly string[]): Promise<{ code: string; text: string }> {
  const { status, stderr } = await cluster.clouder(args, { allowFailure: true });
  expect(status).toBe(1);
  const line = stderr.split("\n").find((one) => one.startsWith(`{"error"`)) ?? stderr;
  const { error } = JSON.parse(line) as { error: { code: string; message: string; hint: string } };
  return { code: error.code, text: `${error.message} (${error.hint})` };
}

it("a key that the machines do not accept is named, with what to do about it", async () => {
  const { code, text } = await refusal(create({ key: own.strangeKeyFile }));
  expect(code).toBe("unauthenticated");
  expect(text).toContain(`ops@${own.machines[0].address}`);
  expect(text).toContain(`${own.strangeKeyFile} to ~ops/.ssh/authorized_keys`);
  const missing = await refusal(create({ key: "/nowhere/key" }));
  expect(missing).toMatchObject({ code: "config" });
  expect(missing.text).toContain("/nowhere/key");
});

it("a user without sudo is told so", async () => {
  const { code, text } = await refusal(create({ user: own.guest }));
  expect(code).toBe("denied");
  expect(text).toMatch(/sudo on own-(master|node-1) refuses: .*NOPASSWD/);
});

it("a machine that runs other containers is left alone", async () => {
  const [, worker] = own.machines;
  const unit = "/run/systemd/system/docker.service";
  const start = `printf '[Service]\\nExecStart=/usr/bin/sleep 600\\n' > ${unit}; systemctl start docker`;
  await worker.run(["sh", "-ec", start]);
  const { code, text } = await refusal(create());
  await worker.run(["sh", "-ec", `systemctl stop docker; rm ${unit}; systemctl daemon-reload`]);
  expect(code).toBe("conflict");
  expect(text).toContain("own-node-1 runs docker already");
});

it.each(spoiled)(
  "a machine with $what is refused, with the cure (O4)",
  async ({ spoil, mend, code, text }) => {
    const [, worker] = own.machines;
    await worker.run(["sh", "-ec", spoil]);
    const told = await refusal(create()).finally(() => worker.run(["sh", "-ec", mend]));
    expect(told).toEqual({ code, text: expect.stringMatching(text) as string });
  },
);

it("nothing of the attempts that failed is on the machines", async () => {
  await expectAsBefore();
});

it(
  "D1 E5 O3: create makes ready, labelled, proven nodes of them, as a user with sudo",
  { timeout: 300_000 },
  async () => {
    const { stdout } = await cluster.clouder(create(), { timeoutMs: 280_000 });
    expect(JSON.parse(stdout)).toMatchObject({ provider: "ssh", changed: true, complete: true });
    const answer = await cluster.kubectl(["get", "nodes", "-o", "json"], { environment });
    const { items } = JSON.parse(answer.stdout) as { readonly items: readonly NodeObject[] };
    expect(items.map((node) => [node.metadata.name, addressOf(node), readiness(node)])).toEqual([
      ["own-master", own.machines[0].address, "True"],
      ["own-node-1", own.machines[1].address, "True"],
    ]);
    for (const { metadata } of items) {
      expect(metadata.labels["clouder.datalayer.io/checkpoint"]).toBe("proven");
      expect(metadata.labels["clouder.datalayer.io/criu"]).toMatch(/^\d+\.\d+/);
    }
    expect(items[1]?.metadata.labels).toMatchObject({
      ...{ "role.datalayer.io/runtime": "true", "node.datalayer.io/variant": "medium" },
      "xpu.datalayer.io/cpu": "true",
    });
    for (const file of ["kubeconfig", "known_hosts", "kubeadm.json"]) {
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const record = await readFile(join(folder, "kubeadm.json"), "utf8");
    expect(record).not.toContain("PRIVATE KEY");
  },
);

it("a second create changes nothing", async () => {
  const { stdout } = await cluster.clouder(create());
  expect(JSON.parse(stdout)).toMatchObject({ changed: false, complete: true });
  const shown = await cluster.clouder(["cluster", "show", name, "-o", "json"]);
  expect(JSON.parse(shown.stdout)).toMatchObject({ state: "ready", provider: "ssh" });
});

it("a node of it is never touched by a cluster that lists it, too, nor by that one's delete", async () => {
  const kept = async () => {
    const all = await machineState(own.machines[1]);
    // What a kubelet and its pods write comes and goes.
    return new Set([...all].filter((line) => /\/(etc|usr|opt)\/|^(unit|package) /.test(line)));
  };
  const was = await kept();
  expect(await refusal(create({ called: "thief" }))).toMatchObject({
    code: "exists",
    text: expect.stringContaining("is part of another cluster") as string,
  });
  await cluster.clouder(["cluster", "delete", "thief", "--yes"]);
  expect(differences(was, await kept())).toEqual({ added: [], missing: [] });
});

it("node check tells what is wrong on a machine, and how to go on (O3)", async () => {
  const check = ["node", "check", name, "own-node-1", "-o", "json"];
  const seen = async () => {
    const { status, stdout } = await cluster.clouder(check, { allowFailure: true });
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
    return { status, bad: findings.filter(({ level }) => level !== "ok") };
  };
  expect(await seen()).toEqual({ status: 0, bad: [] });
  await own.machines[1].run(["systemctl", "stop", "kubelet"]);
  const { status, bad } = await seen();
  await own.machines[1].run(["systemctl", "start", "kubelet"]);
  expect(status).toBe(1);
  expect(bad).toMatchObject([
    { level: "fail", check: "kubelet", message: "inactive", cure: "journalctl -u kubelet" },
  ]);
});

it(
  "O4 a node leaves, its budgets kept, its machine as it was found, and is added again",
  { timeout: 240_000 },
  async () => {
    const kubectl = (...args: readonly string[]) => cluster.kubectl(args, { environment });
    const rollout = () => kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    const remove = ["node", "remove", name, "own-node-1", "--yes"];
    const sleep = ["--", "sleep", "100000"];
    await kubectl("create", "deployment", "web", `--image=${testImages.busybox}`, ...sleep);
    await rollout();
    const budget = ["--selector=app=web", "--min-available=1"];
    await kubectl("create", "poddisruptionbudget", "web", ...budget);
    const held = await cluster.clouder([...remove, "--timeout", "6s"], { allowFailure: true });
    expect(held.stderr).toMatch(/own-node-1 is not empty: .*disruption budget web needs 1/);
    await rollout();
    await kubectl("delete", "poddisruptionbudget", "web");
    const { stdout } = await cluster.clouder([...remove, "--timeout", "60s"]);
    expect(stdout).toContain("its machine was handed back");
    const log = await readFile(join(folder, "logs", "own-node-1.log"), "utf8");
    expect(log).toMatch(/kubeadm reset[^]* -> status 0, /);
    expect((await kubectl("get", "nodes", "-o", "name")).stdout).toBe("node/own-master\n");
    await expectAsBefore(1);
    const host = `${own.admin}@${own.machines[1].address}`;
    await cluster.clouder(["node", "add", name, "--host", host], { timeoutMs: 200_000 });
    await cluster.clouder(["node", "check", name, "own-node-1"]);
    await rollout();
    const again = await cluster.clouder(["node", "add", name, "--host", host], {
      allowFailure: true,
    });
    expect(again.status).not.toBe(0);
    expect(again.stderr).toContain(own.machines[1].address);
  },
);

it("a machine that shows another host key is refused, by create and by delete", async () => {
  const [, worker] = own.machines;
  const key = "/etc/ssh/ssh_host_ed25519_key";
  const renew = `cp -a ${key} ${key}.pub /srv/; ssh-keygen -q -t ed25519 -N '' -f ${key} <<< y`;
  await worker.run(["bash", "-ec", `${renew}; systemctl reload ssh`]);
  const pinned = join(folder, "known_hosts");
  for (const args of [create(), ["cluster", "delete", name, "--yes", "-o", "json"]]) {
    const { code, text } = await refusal(args);
    expect(code).toBe("refused");
    expect(text).toContain(`${worker.address} shows another host key`);
    expect(text).toContain(`ssh-keygen -f ${pinned} -R '${worker.address}'`);
  }
  // The cure that the error names, and again for the old key.
  const pinAnew = async () => {
    await outputOf(["ssh-keygen", "-q", "-f", pinned, "-R", worker.address]);
    const { stdout } = await cluster.clouder(create());
    expect(JSON.parse(stdout)).toMatchObject({ changed: false });
  };
  await pinAnew();
  expect((await stat(pinned)).mode & 0o777).toBe(0o600);
  const restore = `mv -f /srv/ssh_host_ed25519_key* /etc/ssh/; systemctl reload ssh`;
  await worker.run(["sh", "-ec", restore]);
  await pinAnew();
});

it("H6 O3: delete hands the machines back as they were", async () => {
  await cluster.clouder(["cluster", "delete", name, "--yes"]);
  await expectAsBefore();
  await expect(stat(folder)).rejects.toThrow("ENOENT");
  const { stdout } = await cluster.clouder(["cluster", "list", "-o", "name"]);
  expect(stdout.split("\n")).not.toContain(`cluster/${name}`);
});

it("the host is as before once the machines are gone", async () => {
  const { stdout } = await cluster.clouder(["cluster", "show", machinesName, "-o", "json"]);
  // Made by chosen steps: that is no whole cluster.
  expect(JSON.parse(stdout)).toMatchObject({ state: "incomplete" });
  await cluster.clouder(["cluster", "delete", machinesName, "--yes"]);
  expect(await hostState()).toBe(hostBefore);
});

async function expectAsBefore(from = 0): Promise<void> {
  const after = await Promise.all(own.machines.slice(from).map(machineState));
  after.forEach((state, index) => {
    const was = before[from + index] ?? new Set<string>();
    expect(differences(was, state)).toEqual({ added: [], missing: [] });
  });
}
