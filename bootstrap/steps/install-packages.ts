import type { BundleFile } from "#bootstrap/bundle/bundle";
import type { OpenBundle } from "#bootstrap/bundle/load";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import type { Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";
import { waitFor } from "#core/retry";

type Package = Extract<BundleFile, { kind: "package" }>;
type Binary = Extract<BundleFile, { kind: "binary" }>;

/** Debian packages and programs of the bundle, each with its digest checked. */
export const installPackages: Step = {
  id: "install-packages",
  title: "install packages and programs",
  scope: "node",
  needs: ["nodes", "hosts"],
  gives: [],
  after: ["prepare-host"],
  preview: ({ bundle }) => {
    const files = bundle.bundle.files;
    const packages = files.filter((file) => file.kind === "package");
    return [
      `dpkg -i ${packages.map((file) => `${file.package}=${file.version}`).join(" ")}`,
      ...files.flatMap((file) => (file.kind === "binary" ? [`install ${file.destination}`] : [])),
    ];
  },
  run: async (context, facts, { access, machine }) => {
    const os = facts.hosts?.find(({ name }) => name === machine.name)?.os;
    const { files } = context.bundle.bundle;
    const packages = files.filter((file) => file.kind === "package").filter((one) => one.os === os);
    const binaries = files.filter((file) => file.kind === "binary");
    const stamp = await readStamp(access, "installed");
    const sizes = await sizesOf(access, binaries);
    const stale = binaries.filter(
      (one) => stamp[one.destination] !== one.sha256 || sizes.get(one.destination) !== one.bytes,
    );
    const freshPackages = packages.filter((one) => stamp[one.package] !== one.sha256);
    if (stale.length === 0 && freshPackages.length === 0) return { skipped: "installed already" };
    if (freshPackages.length > 0) {
      await waitFor(
        `the package lock of ${machine.name}`,
        { timeoutMs: 180_000, everyMs: 3000, clock: context.clock, signal: context.signal },
        () => dpkg(access, context.bundle, packages),
      );
    }
    for (const one of stale) await installBinary(access, context.bundle, one);
    await writeStamp(
      access,
      "installed",
      Object.fromEntries<string>([
        ...packages.map((one) => [one.package, one.sha256] as const),
        ...binaries.map((one) => [one.destination, one.sha256] as const),
      ]),
    );
    return {};
  },
};

async function sizesOf(
  access: NodeAccess,
  binaries: readonly Binary[],
): Promise<ReadonlyMap<string, number>> {
  const paths = binaries.map(({ destination }) => destination);
  const { stdout } = await access.run(["stat", "-c", "%s %n", "--", ...paths], {
    allowFailure: true,
  });
  return new Map(
    stdout.split("\n").map((line) => {
      const at = line.indexOf(" ");
      return [line.slice(at + 1), Number(line.slice(0, at))] as const;
    }),
  );
}

const debFolder = "/var/lib/clouder/packages";

/** One dpkg call, so that the order of dependencies does not matter; undefined while it is locked. */
async function dpkg(
  access: NodeAccess,
  bundle: OpenBundle,
  packages: readonly Package[],
): Promise<true | undefined> {
  const present = await installedVersions(access, packages);
  await rememberNew(
    access,
    packages.map((one) => one.package).filter((name) => !present.has(name)),
  );
  const uploaded: string[] = [];
  for (const one of packages.filter((each) => present.get(each.package) !== each.version)) {
    const target = `${debFolder}/${one.path.split("/").at(-1) ?? ""}`;
    await access.upload(await bundle.verified(one), target);
    uploaded.push(target);
  }
  // What a killed run left half configured comes first.
  const script = `export DEBIAN_FRONTEND=noninteractive
dpkg --configure -a --force-confold
[ $# -eq 0 ] || dpkg -i --skip-same-version --refuse-downgrade --force-confold "$@"
apt-mark hold criu runc >/dev/null 2>&1 || true
rm -rf -- ${debFolder}`;
  const result = await access.run(["sh", "-ec", script, "sh", ...uploaded], { allowFailure: true });
  if (result.status === 0) return true;
  if (result.stderr.includes("lock") && result.stderr.includes("another process")) return undefined;
  throw new ClouderError(
    "remote-command",
    `dpkg on ${access.host} failed: ${result.stderr.trim().split("\n").slice(-3).join(" | ")}`,
    {
      hint: "repair the package system of that machine (dpkg --audit), then run the command again",
      details: { host: access.host, output: result.stderr.trim().split("\n").slice(-12) },
    },
  );
}

async function installedVersions(
  access: NodeAccess,
  packages: readonly Package[],
): Promise<ReadonlyMap<string, string>> {
  const names = packages.map((one) => one.package);
  const { stdout } = await access.run(
    ["dpkg-query", "-W", "-f=${Package} ${db:Status-Abbrev} ${Version}\\n", ...names],
    { allowFailure: true },
  );
  return new Map(
    stdout.split("\n").flatMap((line) => {
      const [name = "", status, version = ""] = line.split(/\s+/);
      return status === "ii" || status === "hi" ? [[name, version] as const] : [];
    }),
  );
}

/** What deleting the cluster may take away again: packages that were not there before us. */
async function rememberNew(access: NodeAccess, names: readonly string[]): Promise<void> {
  const known = await readStamp(access, "new-packages");
  const added = Object.fromEntries(names.map((name) => [name, "new"]));
  await writeStamp(access, "new-packages", { ...known, ...added });
}

async function installBinary(access: NodeAccess, bundle: OpenBundle, one: Binary): Promise<void> {
  await access.upload(await bundle.verified(one), one.destination, { mode: 0o755 });
  const { stdout } = await access.run(["sha256sum", "--", one.destination]);
  if (!stdout.startsWith(one.sha256)) {
    throw new ClouderError("integrity", `${one.destination} on ${access.host} arrived damaged`, {
      hint: "run the command again",
    });
  }
}
