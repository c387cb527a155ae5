import { readFile } from "node:fs/promises";
import { arch, availableParallelism, totalmem } from "node:os";
import type { Capabilities, EndpointSpec } from "#checkpoint/api/endpoint";
import { ClouderError, messageOf } from "#core/error";
import { checked, isLabel } from "#plugin/cli/checks";
import { milliseconds } from "#plugin/cli/durations";
import { integer, string, timeoutFlag } from "#plugin/cli/flags";

/** Flags of `endpoint register`. */
export const registerFlags = {
  url: string({ description: "https://… where containers are started", required: true }),
  class: checked(
    string({ description: "workloads that it takes, for example notebook", multiple: true }),
    isLabel,
  ),
  "allow-cidr": string({
    description: "network in which the URL's addresses must lie [default: anywhere]",
    multiple: true,
  }),
  ca: string({ description: "file with the authority of its certificate, PEM" }),
  heartbeat: timeoutFlag("how often it is to be heard, at least 5s", "30s"),
  "token-lifetime": timeoutFlag("how long its token is good, at least 10m", "24h"),
  server: string({ description: "API server as the endpoint reaches it [default: as we do]" }),
  out: string({
    description: "file for the endpoint's kubeconfig, 0600; - for standard output",
    required: true,
  }),
};

interface RegisterValues {
  readonly url: string;
  readonly class: readonly string[] | undefined;
  readonly "allow-cidr": readonly string[] | undefined;
  readonly ca: string | undefined;
  readonly heartbeat: string;
}

/** The flags as an endpoint's spec. */
export async function endpointSpec(flags: RegisterValues): Promise<EndpointSpec> {
  const { url, ca, "allow-cidr": allowedCIDRs } = flags;
  if (!flags.class) {
    throw new ClouderError("usage", "the endpoint is for no class of workloads", {
      hint: "say what it takes: --class notebook --class batch",
    });
  }
  return {
    url,
    workloadClasses: flags.class,
    ...(allowedCIDRs && { allowedCIDRs }),
    ...(ca !== undefined && { caBundle: await authority(ca) }),
    heartbeatSeconds: Math.round(milliseconds("heartbeat", flags.heartbeat) / 1000),
  };
}

async function authority(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new ClouderError("usage", `--ca ${file} cannot be read: ${messageOf(error)}`, {
      hint: "give the file with the authority's certificate",
    });
  });
  if (text.includes("BEGIN CERTIFICATE")) return Buffer.from(text).toString("base64");
  throw new ClouderError("usage", `--ca ${file} holds no certificate`, {
    hint: "give a PEM file: -----BEGIN CERTIFICATE-----",
  });
}

/** Flags of `endpoint heartbeat`; what is not said is this machine's. */
export const capabilityFlags = {
  cpu: string({ description: "CPUs, a quantity [default: this machine's]" }),
  memory: string({ description: "memory, a quantity [default: this machine's]" }),
  gpus: integer({ description: "number of GPUs", min: 0, default: 0 }),
  type: string({ description: "what runs the containers", default: "container" }),
  label: string({ description: "KEY=VALUE; the flag again for more", multiple: true }),
  trouble: string({ description: "why it takes nothing now; left out: it is well" }),
};

interface CapabilityValues {
  readonly cpu: string | undefined;
  readonly memory: string | undefined;
  readonly gpus: number;
  readonly type: string;
  readonly label: readonly string[] | undefined;
}

/** The flags as capabilities. */
export function capabilitiesOf(flags: CapabilityValues): Capabilities {
  const pairs = (flags.label ?? []).map((one): readonly [string, string] => {
    const at = one.indexOf("=");
    if (at > 0) return [one.slice(0, at), one.slice(at + 1)];
    throw new ClouderError("usage", `--label "${one}" is not KEY=VALUE`, {
      hint: "use for example --label zone=home",
    });
  });
  return {
    cpu: flags.cpu ?? String(availableParallelism()),
    memory: flags.memory ?? `${String(Math.floor(totalmem() / 2 ** 20))}Mi`,
    gpus: flags.gpus,
    type: flags.type,
    labels: { "kubernetes.io/arch": archOf[arch()] ?? arch(), ...Object.fromEntries(pairs) },
  };
}

/** Kubernetes' names of architectures. */
const archOf: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };
