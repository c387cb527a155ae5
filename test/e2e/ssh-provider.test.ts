import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hostState } from "#test/e2e/host-state";
import { differences, machineState } from "#test/e2e/machine-state";
import { lab } from "#test/e2e/scenario";
import { outputOf } from "#test/lab/run-program";
import { raiseOwnMachines, type OwnMachines } from "#test/lab/own-machines";

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

/** Some lie where create writes, too. */
const thingsOfTheUser = `
echo "10.9.9.9 printer" >> /etc/hosts
mkdir -p /etc/kubernetes /opt/cni/bin /etc/criu /srv/data
echo audit > /etc/kubernetes/audit-policy.yaml
printf '#!/bin/sh\\necho mine\\n' > /usr/local/bin/kubectl
chmod 0700 /usr/local/bin/kubectl
chown ops:ops /usr/local/bin/kubectl
echo "timeout: 5" > /etc/crictl.yaml
ln -s /srv/data/criu.conf /etc/criu/runc.conf
echo tcp-close > /srv/data/criu.conf
echo mine > /opt/cni/bin/mine
`;

function create(more: { readonly user?: string; readonly key?: string } = {}): readonly string[] {
  const { user = own.admin, key = own.keyFile } = more;
  return [
    ...["cluster", "create", name, "--provider", "ssh", "--key", key, "--bundle", cluster.bundle],
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

interface NodeObject {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly status: {
    readonly addresses: readonly { readonly type: string; readonly address: string }[];
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
}

function addressOf({ status }: NodeObject): string | undefined {
  return status.addresses.find(({ type }) => type === "InternalIP")?.address;
}

function readiness({ status }: NodeObject): string | undefined {
  return status.conditions.find(({ type }) => type === "Ready")?.status;
}

async function expectAsBefore(): Promise<void> {
  const after = await Promise.all(own.machines.map(machineState));
  after.forEach((state, index) => {
    const was = before[index] ?? new Set<string>();
    expect(differences(was, state)).toEqual({ added: [], missing: [] });
  });
}
