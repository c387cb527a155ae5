import type { NodeAccess } from "#bootstrap/nodes/node-access";

/** What was done on a machine, told by digests: a cache that a step checks before it trusts it. */
export type Stamp = Readonly<Record<string, string>>;

const folder = "/var/lib/clouder/bootstrap";

/** Reads a stamp; empty when there is none or it cannot be understood. */
export async function readStamp(access: NodeAccess, name: string): Promise<Stamp> {
  const { stdout, status } = await access.run(["cat", "--", `${folder}/${name}.json`], {
    allowFailure: true,
  });
  if (status !== 0) return {};
  try {
    return JSON.parse(stdout) as Stamp;
  } catch {
    return {};
  }
}

/** Replaces a stamp. */
export async function writeStamp(access: NodeAccess, name: string, stamp: Stamp): Promise<void> {
  await access.writeFile(`${folder}/${name}.json`, `${JSON.stringify(stamp, null, 2)}\n`, 0o600);
}
