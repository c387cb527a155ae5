import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { NodeAccess, RunResult } from "#bootstrap/nodes/node-access";
import { nodeAccessDrivers } from "#bootstrap/nodes/registry";
import type { LabCluster } from "#test/lab/lab-cluster";
import { outputOf } from "#test/lab/run-program";

/** A Debian machine such as a user brings along: sshd, a user of the administrators', no Kubernetes. */
export interface OwnMachine {
  readonly address: string;
  /** Runs argv as root, through an account that the product is not told about; any host key is fine. */
  readonly run: (argv: readonly string[]) => Promise<RunResult>;
}

export interface OwnMachines {
  readonly machines: readonly [OwnMachine, OwnMachine];
  /** May use sudo without a password. */
  readonly admin: "ops";
  /** May log in with the same key and nothing else. */
  readonly guest: "guest";
  readonly keyFile: string;
  readonly strangeKeyFile: string;
}

/**
 * Two machines of the local provider on which nothing was installed, as a cluster's folder `name`
 * in the lab's home: `cluster delete NAME` removes them, and so does the lab's clean-up.
 */
export async function raiseOwnMachines(lab: LabCluster, name: string): Promise<OwnMachines> {
  await lab.clouder([
    ...["cluster", "create", name, "--provider", "local", "--workers", "1"],
    ...["--bundle", lab.bundle, "--only-step", "connect", "--yes"],
  ]);
  const folder = join(lab.home, ".clouder", "kubeadm", name);
  const [keyFile, strangeKeyFile] = [join(folder, "own-key"), join(folder, "strange-key")];
  for (const file of [keyFile, strangeKeyFile]) {
    await outputOf(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file]);
  }
  const { stdout } = await lab.clouder(["cluster", "show", name, "-o", "json"]);
  const { nodes } = JSON.parse(stdout) as { readonly nodes: readonly { address: string }[] };
  const publicKey = await readFile(`${keyFile}.pub`, "utf8");
  const [first, second] = await Promise.all(
    nodes.map(async ({ address }) => {
      const machine = machineAt(folder, address);
      await machine.run(["sh", "-ec", makeUsers, "sh", publicKey.trim()]);
      return machine;
    }),
  );
  if (!first || !second) throw new Error(`two machines are expected: ${stdout}`);
  return { machines: [first, second], admin: "ops", guest: "guest", keyFile, strangeKeyFile };
}

const makeUsers = `
for user in ops guest; do
  useradd --create-home --shell /bin/bash "$user"
  install -d -m 0700 -o "$user" -g "$user" "/home/$user/.ssh"
  echo "$1" > "/home/$user/.ssh/authorized_keys"
  chown "$user:$user" "/home/$user/.ssh/authorized_keys"
done
echo "ops ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/ops
`;

function machineAt(folder: string, host: string): OwnMachine {
  const run = async (argv: readonly string[]) => {
    const driver = await nodeAccessDrivers.ssh.load();
    const access: NodeAccess = await driver.connect(host, {
      ...{ access: "ssh", host, port: 22, user: "root" },
      ...{ keyFile: join(folder, "key"), knownHostsFile: join(folder, randomUUID()) },
    });
    try {
      return await access.run(argv);
    } finally {
      await access.close();
    }
  };
  return { address: host, run };
}
