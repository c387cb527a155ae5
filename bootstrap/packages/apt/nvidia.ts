import type { HostFacts } from "#bootstrap/nodes/host-facts";
import type { HostGpus } from "#bootstrap/nodes/host-gpus";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { readStamp, writeStamp, type Stamp } from "#bootstrap/nodes/stamp";
import type { AptRun } from "#bootstrap/packages/apt/apt";
import { addRepository, lineOf } from "#bootstrap/packages/apt/add-repository";
import { digestOf, installPins, nameOf } from "#bootstrap/packages/apt/install";
import {
  places,
  systemOf,
  type Origin,
  type Repository,
} from "#bootstrap/packages/apt/repositories";
import { installedVersions } from "#bootstrap/packages/dpkg";
import type { GpuPackages } from "#bootstrap/packages/packages";
import { upstream } from "#bootstrap/packages/upstream";
import type { StepOutcome } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/**
 * NVIDIA's driver, without what shows pictures, and its container toolkit. Ubuntu has modules that it
 * built and signed for each of its kernels; for Debian they are NVIDIA's, built by the machine.
 */
export function nvidiaByApt(origin: Origin): GpuPackages {
  return {
    preview: () => [
      "Ubuntu: nvidia-headless-no-dkms-*-server-open and modules for its kernel, the distribution's own",
      `Debian: nvidia-driver-cuda, nvidia-kernel-open-dkms of ${origin.nvidia.driver.url}`,
      `nvidia-container-toolkit ${upstream.nvidia.toolkit.version} of ${origin.nvidia.toolkit.url}`,
    ],
    check: (host) => {
      kernelModules(host);
    },
    install: (context, { access }, host) => install(origin, { context, access }, host),
  };
}

async function install(origin: Origin, run: AptRun, host: HostFacts): Promise<StepOutcome> {
  const { access } = run;
  const { gpus } = host;
  if (!gpus) return { skipped: "it has no GPU" };
  const stamp = await readStamp(access, "gpu-driver");
  const foreign = isForeign(gpus, stamp);
  if (foreign && gpus.toolkit) return { skipped: "was there already" };
  const own = foreign ? nothing : await driverOf(origin, access, host);
  const repositories = [...own.repositories, toolkitRepository(origin, host)];
  const pins = [...own.packages, ...toolkitPackages];
  const wanted = digestOf([pins, repositories.map(lineOf)]);
  const names = pins.map(nameOf);
  const works = gpus.driver !== "" && stamp["wanted"] === wanted;
  if (works && (await areKept(access, names, stamp))) return { skipped: "installed already" };
  // From here on a driver that works is ours.
  const tag = foreign ? {} : { wanted };
  if (!foreign) await writeStamp(access, "gpu-driver", { ...stamp, wanted: "begun" });
  for (const one of repositories) await addRepository(run, one);
  // The branch is chosen by a package that tells apt so, before the others are looked for.
  for (const { packages } of [...own.repositories, { packages: pins }]) {
    await installPins(run, packages);
  }
  const installed = Object.fromEntries(await installedVersions(access, names));
  await writeStamp(access, "gpu-driver", { ...installed, ...tag });
  return {};
}

/** One that works and is not ours came with the image, or from the machine's owner. */
function isForeign({ driver }: HostGpus, stamp: Stamp): boolean {
  return driver !== "" && stamp["wanted"] === undefined;
}

interface OwnDriver {
  readonly packages: readonly string[];
  /** Whose they are where that is not the distribution. */
  readonly repositories: readonly Repository[];
}

const nothing: OwnDriver = { packages: [], repositories: [] };

async function driverOf(origin: Origin, access: NodeAccess, host: HostFacts): Promise<OwnDriver> {
  const packages = driverPackages(host, await kernelFlavour(access, host));
  return { packages, repositories: driverRepositories(origin, host) };
}

async function areKept(
  access: NodeAccess,
  names: readonly string[],
  stamp: Stamp,
): Promise<boolean> {
  const present = await installedVersions(access, names);
  return names.every((name) => present.has(name) && stamp[name] === present.get(name));
}

/** The open modules are for Turing and all that came after it. */
const turing = 0x1e00;
/** What came before has no driver that gets fixes. */
const maxwell = 0x1340;
/** Newer ones have left Maxwell, Pascal and Volta behind. */
const lastOfOldOnes = 580;
const driveYourself =
  "install a driver there yourself, or set gpuDriver: false (--no-gpu-driver) for that pool";

/** The flavour of NVIDIA's modules for a machine's GPUs; `unsupported` where its system has none. */
function kernelModules(host: HostFacts): "open" | "proprietary" {
  const { title, nvidia } = systemOf(host);
  const { devices = [], secureBoot = false } = host.gpus ?? {};
  const [oldest = "ffff"] = devices.toSorted();
  const age = Number.parseInt(oldest, 16);
  if (age < maxwell || (age < turing && nvidia.branch > lastOfOldOnes)) {
    const other = `use Ubuntu or Debian 12 there, which have ${lastOfOldOnes}; `;
    throw new ClouderError(
      "unsupported",
      `the driver ${nvidia.branch} of ${title} does not know the old GPU of ${host.name} (10de:${oldest})`,
      { hint: `${age < maxwell ? "" : other}${driveYourself}` },
    );
  }
  if (secureBoot && nvidia.folder !== undefined) {
    throw new ClouderError(
      "unsupported",
      `${host.name} boots signed kernel modules alone (secure boot), and ${title} has none for NVIDIA's GPUs`,
      {
        hint: `use Ubuntu there, whose modules are signed, or switch secure boot off; ${driveYourself}`,
      },
    );
  }
  return age < turing ? "proprietary" : "open";
}

/** Packages of kernels that follow the distribution's: "linux-image-azure", none with a version. */
const flavoursScript = `dpkg-query -W -f='\${db:Status-Abbrev}\${Package}\\n' 'linux-image-*' 2>/dev/null |
  sed -n 's/^[ih]i *linux-image-\\([a-z].*\\)$/\\1/p' | grep -Ev '^unsigned|-dbg$'`;

/** The kind of kernel that a machine follows; undefined where it follows none. */
async function kernelFlavour(
  access: NodeAccess,
  { kernel }: HostFacts,
): Promise<string | undefined> {
  const { stdout } = await access.run(["sh", "-c", flavoursScript], { allowFailure: true });
  const all = stdout.split("\n").filter((name) => name !== "");
  const fitting = all.filter((name) => kernel.endsWith(`-${name}`));
  const [longest] = fitting.toSorted((one, other) => other.length - one.length);
  // Ubuntu's kernels of virtual machines are the generic ones.
  return (longest ?? all[0])?.replace(/^virtual/, "generic");
}

function driverPackages(host: HostFacts, flavour: string | undefined): readonly string[] {
  const { title, nvidia } = systemOf(host);
  const open = kernelModules(host) === "open" ? "-open" : "";
  if (nvidia.folder === undefined) {
    const server = `${nvidia.branch}-server`;
    return [
      ...[`nvidia-headless-no-dkms-${server}${open}`, `nvidia-utils-${server}`],
      `linux-modules-nvidia-${server}${open}-${flavour ?? host.kernel}`,
    ];
  }
  if (flavour === undefined) {
    throw new ClouderError("unsupported", `the kernel of ${host.name} is not ${title}'s own`, {
      hint: `NVIDIA's modules are built with its headers: boot ${title}'s kernel, or ${driveYourself}`,
    });
  }
  // Headers of the newest kernel alone are to be had, so it comes along.
  return [
    ...[`linux-image-${flavour}`, `linux-headers-${flavour}`],
    ...["nvidia-driver-cuda", `nvidia-kernel${open}-dkms`],
  ];
}

const toolkitPackages = [
  ...["nvidia-container-toolkit", "nvidia-container-toolkit-base"],
  ...["libnvidia-container-tools", "libnvidia-container1"],
].map((name) => `${name}=${upstream.nvidia.toolkit.version}`);

function driverRepositories(origin: Origin, host: HostFacts): readonly Repository[] {
  const { branch, folder } = systemOf(host).nvidia;
  if (folder === undefined) return [];
  const { url, fingerprint } = origin.nvidia.driver;
  const key = upstream.nvidia.driver.keys[folder];
  const place = `${url}/${folder}/${host.architecture === "arm64" ? "sbsa" : "x86_64"}/`;
  return [
    {
      ...places("nvidia-driver", "nvidia-driver"),
      ...{ url: place, suite: "/", keyUrl: `${place}${key.file}` },
      fingerprint: fingerprint ?? key.fingerprint,
      packages: [`nvidia-driver-pinning-${branch}`],
    },
  ];
}

function toolkitRepository(origin: Origin, host: HostFacts): Repository {
  const { url, fingerprint } = origin.nvidia.toolkit;
  return {
    ...places("nvidia-container-toolkit", "nvidia-container-toolkit"),
    ...{ url: `${url}/stable/deb/${host.architecture}/`, suite: "/", keyUrl: `${url}/gpgkey` },
    ...{ fingerprint, packages: toolkitPackages },
  };
}
