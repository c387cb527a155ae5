import type { CreateClusterRequest } from "#bootstrap/create-cluster";
import { ClouderError } from "#core/error";
import { checkName } from "#bootstrap/spec/validate";
import type { Check } from "#plugin/cli/checks";
import { secretFlags } from "#plugin/cli/ask-secret";
import { cloudFlags, cloudSettings, type CloudFlagValues } from "#plugin/cli/cloud-flags";
import { boolean, integer, string } from "#plugin/cli/flags";

/** Machines' names, and a folder's, come from it. */
export const isClusterName: Check = (value) => {
  checkName(value);
};

/** Flags of `cluster create`; the second spelling of each is the original design's. */
export const createFlags = {
  provider: string({
    aliases: ["cloud"],
    description: "where machines come from: local, ssh, aws, azure",
  }),
  workers: integer({
    char: "w",
    aliases: ["worker-count"],
    description: "number of workers",
    min: 0,
    max: 150,
  }),
  "control-planes": integer({ description: "number of control planes: 1, 3 or 5" }),
  host: string({
    description: "with ssh: user@address[:port] of a machine, the control plane first",
    multiple: true,
  }),
  key: string({
    char: "i",
    description: "private key [default: the SSH agent's keys; in a cloud a new key]",
  }),
  "node-label": string({
    description: "label of the workers, KEY=VALUE; several with commas or the flag again",
    multiple: true,
  }),
  ...secretFlags,
  ...cloudFlags,
  endpoint: string({
    description: "host:port of a load balancer of yours before the control planes",
  }),
  "virtual-address": string({
    description: "free address that control planes share, where no load balancer is given",
  }),
  packages: string({
    description: "where software comes from: online, mirror (see its document), bundle",
  }),
  bundle: string({ description: "folder of an offline bundle (bundle.json), with bundle" }),
  "schedulable-control-plane": boolean({ description: "let ordinary pods run there, too" }),
  "disable-io-uring": boolean({
    description: "set kernel.io_uring_disabled = 2 on nodes (not with local: its kernel is yours)",
  }),
  "checkpoint-gate": boolean({
    description: "turn the kubelets' gate ContainerCheckpoint on, as it is anyway since v1.30",
  }),
  "deletion-protection": boolean({
    description: "refuse to delete the cluster, until switched off",
  }),
  "kubernetes-version": string({
    aliases: ["k8s-version"],
    description: "for example v1.36.3 [default: the packages']",
  }),
  "pod-cidr": string({ description: "pod network [default: 10.244.0.0/16]" }),
  "service-cidr": string({ description: "service network [default: 10.96.0.0/12]" }),
  parallel: integer({
    description: "steps of machines at work at the same time [default: 128]",
    min: 1,
    max: 500,
  }),
  "skip-steps": string({ description: "steps to pass over", multiple: true }),
  "only-step": string({ description: "run only this step, and those it needs facts from" }),
};

interface CreateFlagValues extends CloudFlagValues {
  readonly provider: string | undefined;
  readonly workers: number | undefined;
  readonly "control-planes": number | undefined;
  readonly host: readonly string[] | undefined;
  readonly endpoint: string | undefined;
  readonly "virtual-address": string | undefined;
  readonly key: string | undefined;
  readonly "node-label": readonly string[] | undefined;
  readonly packages: string | undefined;
  readonly bundle: string | undefined;
  readonly "schedulable-control-plane": boolean;
  readonly "disable-io-uring": boolean;
  readonly "checkpoint-gate": boolean;
  readonly "deletion-protection": boolean;
  readonly "kubernetes-version": string | undefined;
  readonly "pod-cidr": string | undefined;
  readonly "service-cidr": string | undefined;
  readonly parallel: number | undefined;
  readonly "skip-steps": readonly string[] | undefined;
  readonly "only-step": string | undefined;
}

/** The flags as the job wants them; a switch that was not given leaves the document's word. */
export function flagsOf(
  flags: CreateFlagValues,
  name: string | undefined,
): Pick<CreateClusterRequest, "flags" | "steps" | "parallel"> {
  const only = flags["only-step"];
  return {
    flags: {
      name,
      provider: flags.provider ?? (flags.host === undefined ? undefined : "ssh"),
      workers: flags.workers,
      controlPlanes: flags["control-planes"],
      hosts: flags.host,
      endpoint: flags.endpoint,
      virtualAddress: flags["virtual-address"],
      key: flags.key,
      nodeLabels: labelsOf(flags["node-label"]),
      settings: cloudSettings(flags),
      packages: flags.packages,
      bundle: flags.bundle,
      schedulableControlPlane: flags["schedulable-control-plane"] ? true : undefined,
      disableIoUring: flags["disable-io-uring"] || undefined,
      checkpointGate: flags["checkpoint-gate"] || undefined,
      deletionProtection: flags["deletion-protection"] || undefined,
      kubernetesVersion: flags["kubernetes-version"]?.replace(/^(?=\d)/, "v"),
      podCIDR: flags["pod-cidr"],
      serviceCIDR: flags["service-cidr"],
    },
    parallel: flags.parallel,
    steps: { skip: flags["skip-steps"] ?? [], ...(only !== undefined && { only }) },
  };
}

function labelsOf(given: readonly string[] = []): Readonly<Record<string, string>> | undefined {
  const pairs = given.flatMap((one) => one.split(",")).filter((one) => one !== "");
  if (pairs.length === 0) return undefined;
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
      throw new ClouderError("usage", `--node-label "${pair}" is not KEY=VALUE`, {
        hint: "use for example --node-label disk=fast",
      });
    }),
  );
}
