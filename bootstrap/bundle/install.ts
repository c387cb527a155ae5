import type { BundleFile } from "#bootstrap/bundle/bundle";
import type { OpenBundle } from "#bootstrap/bundle/load";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import { dpkgFailed, installedVersions, isLocked, rememberNew } from "#bootstrap/packages/dpkg";
import type { WantedPackages } from "#bootstrap/packages/packages";
import type { PlanContext, StepOutcome } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";
import { waitFor } from "#core/retry";

type Package = Extract<BundleFile, { kind: "package" }>;
type Binary = Extract<BundleFile, { kind: "binary" }>;

/** Debian packages and programs of the bundle, each with its digest checked. */
export async function installBundled(
  open: OpenBundle,
  context: PlanContext,
  { node: { access, machine }, host, uses }: WantedPackages,
): Promise<StepOutcome> {
  const { files } = open.bundle;
  const packages = files
    .filter((file) => file.kind === "package")
    .filter(({ os, use }) => os === host.os && (use === undefined || uses.has(use)));
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
      () => dpkg(access, open, packages),
    );
  }
  await installBinaries(access, open, stale);
  await writeStamp(
    access,
    "installed",
    Object.fromEntries<string>([
      ...packages.map((one) => [one.package, one.sha256] as const),
      ...binaries.map((one) => [one.destination, one.sha256] as const),
    ]),
  );
  return {};
}

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
  const names = packages.map((one) => one.package);
  const present = await installedVersions(access, names);
  await rememberNew(
    access,
    names.filter((name) => !present.has(name)),
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
  if (isLocked(result.stderr)) return undefined;
  throw dpkgFailed(access.host, "dpkg", result.stderr);
}

async function installBinaries(
  access: NodeAccess,
  bundle: OpenBundle,
  binaries: readonly Binary[],
): Promise<void> {
  if (binaries.length === 0) return;
  for (const one of binaries) {
    await access.upload(await bundle.verified(one), one.destination, { mode: 0o755 });
  }
  const paths = binaries.map(({ destination }) => destination);
  const { stdout } = await access.run(["sha256sum", "--", ...paths]);
  const arrived = new Set(stdout.split("\n").map((line) => line.trim()));
  const damaged = binaries.find((one) => !arrived.has(`${one.sha256}  ${one.destination}`));
  if (!damaged) return;
  throw new ClouderError("integrity", `${damaged.destination} on ${access.host} arrived damaged`, {
    hint: "run the command again",
  });
}
