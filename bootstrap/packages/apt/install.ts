import { createHash } from "node:crypto";
import { succeeds } from "#bootstrap/nodes/remote-file";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import {
  addRepository,
  ensureTrust,
  lineOf,
  trustFiles,
} from "#bootstrap/packages/apt/add-repository";
import { aptGet, said, type AptRun } from "#bootstrap/packages/apt/apt";
import { aptFailed } from "#bootstrap/packages/apt/apt-error";
import {
  distributionPackages,
  repositoriesFor,
  systemOf,
  type Origin,
} from "#bootstrap/packages/apt/repositories";
import { installedVersions, rememberNew } from "#bootstrap/packages/dpkg";
import type { PackageUse, WantedPackages } from "#bootstrap/packages/packages";
import type { PlanContext, StepOutcome } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/** Packages of the distribution that a use needs. */
const forUse: Readonly<Record<PackageUse, readonly string[]>> = {
  "load-balancer": ["haproxy", "keepalived"],
};

/** Installs from signed repositories, pinned and held (D2, D4, D6); nothing when all is there. */
export async function installByApt(
  origin: Origin,
  context: PlanContext,
  { node: { access, machine }, host, uses }: WantedPackages,
): Promise<StepOutcome> {
  const run: AptRun = { context, access };
  const repositories = repositoriesFor(origin, host, context.spec.kubernetesVersion);
  const pins = [
    ...repositories.flatMap(({ packages }) => packages),
    ...distributionPackages(host),
    ...[...uses].flatMap((use) => forUse[use]),
  ];
  const trust = trustFiles(origin);
  const wanted = digestOf([pins, repositories.map(lineOf), trust]);
  const names = pins.map(nameOf);
  const stamp = await readStamp(access, "installed");
  const present = await installedVersions(access, names);
  const kept = names.every((name) => present.has(name) && stamp[name] === present.get(name));
  if (stamp["wanted"] === wanted && kept) {
    return { skipped: "installed already" };
  }
  for (const trap of systemOf(host).traps) {
    context.report({ type: "note", level: "debug", host: machine.name, message: trap });
  }
  await ensureAuthorities(run);
  await ensureTrust(run, trust);
  for (const repository of repositories) await addRepository(run, repository);
  await installPins(run, pins);
  const installed = await installedVersions(access, names);
  await writeStamp(access, "installed", { ...Object.fromEntries(installed), wanted });
  return {};
}

/** Minimal images lack the authorities by which https servers are known. */
async function ensureAuthorities(run: AptRun): Promise<void> {
  if (await succeeds(run.access, ["test", "-e", "/etc/ssl/certs/ca-certificates.crt"])) return;
  await updateDistribution(run);
  const result = await aptGet(run, ["install", "--no-install-recommends", "ca-certificates"]);
  if (result.status !== 0) throw aptFailed(run.access.host, "ca-certificates", said(result));
}

/**
 * Installs packages and holds them, kernels excepted. The distribution's lists are fetched only where
 * they are missing or old: a machine that has them needs the distribution's servers for what it lacks
 * alone.
 */
export async function installPins(run: AptRun, pins: readonly string[]): Promise<void> {
  const { access } = run;
  const flags = ["--no-install-recommends", "--allow-change-held-packages", "--no-remove"];
  const wanted = ["install", ...flags, ...pins];
  // What a killed run left half configured comes first.
  await access.run(["dpkg", "--configure", "-a", "--force-confold"], { allowFailure: true });
  let plan = await aptGet(run, ["--simulate", ...wanted]);
  if (plan.status !== 0 && isIncomplete(said(plan))) {
    await updateDistribution(run);
    plan = await aptGet(run, ["--simulate", ...wanted]);
  }
  if (plan.status !== 0) throw await unresolved(run, pins, said(plan));
  await rememberNew(
    access,
    newIn(plan.stdout).filter((name) => !isKernel(name)),
  );
  let done = await aptGet(run, wanted);
  if (done.status !== 0 && /404 +Not Found/.test(said(done))) {
    await updateDistribution(run);
    done = await aptGet(run, wanted);
  }
  if (done.status !== 0) throw aptFailed(access.host, "its packages", said(done));
  const held = pins.map(nameOf).filter((name) => !/^linux-(image|headers)-/.test(name));
  await access.run(["apt-mark", "hold", ...held]);
}

/** A machine that runs a kernel by now keeps it; modules and headers of drivers are none. */
function isKernel(name: string): boolean {
  return /^linux-(?!headers-|(modules|objects|signatures)-nvidia-)/.test(name);
}

async function updateDistribution(run: AptRun): Promise<void> {
  const result = await aptGet(run, ["update"]);
  if (result.status === 0) return;
  throw aptFailed(run.access.host, "the distribution's packages", said(result));
}

function isIncomplete(text: string): boolean {
  return /Unable to locate|no installation candidate|unmet dependencies|not installable/.test(text);
}

/** Names what is missing, and what there is instead. */
async function unresolved(
  run: AptRun,
  pins: readonly string[],
  text: string,
): Promise<ClouderError> {
  const { access } = run;
  const version = /Version '([^']*)' for '([^']*)' was not found/.exec(text);
  const name = version?.[2] ?? /Unable to locate package (\S+)/.exec(text)?.[1];
  if (name === undefined) return aptFailed(access.host, pins.join(" "), text);
  const { stdout } = await access.run(["apt-cache", "madison", name], { allowFailure: true });
  const there = [...new Set(stdout.split("\n").map((line) => line.split("|")[1]?.trim() ?? ""))];
  const known = there.filter((one) => one !== "");
  const asked = version ? `${name} ${version[1]?.replace(/[-.]\*$/, "") ?? ""}` : name;
  return new ClouderError("not-found", `the repositories of ${access.host} have no ${asked}`, {
    hint:
      known.length > 0
        ? `they have ${known.slice(0, 5).join(", ")}: choose with --kubernetes-version or spec.packages.containerdVersion`
        : "add it to the mirror, or look at the machine's own sources in /etc/apt",
    details: { host: access.host, package: name, known },
  });
}

/** Packages that a simulated run would install anew: "Inst NAME (VERSION …"; upgrades have "[OLD]". */
function newIn(plan: string): readonly string[] {
  return [...plan.matchAll(/^Inst (\S+) \(/gm)].map(([, name]) => (name ?? "").split(":")[0] ?? "");
}

/** The package of a pin: "kubelet" of "kubelet=1.36.3-*". */
export function nameOf(pin: string): string {
  return pin.split("=")[0] ?? pin;
}

/** Changes with what is wanted. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
