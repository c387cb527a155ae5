import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ClouderError } from "#core/error";
import { annotations } from "#checkpoint/api/names";

/** The part of an OCI runtime configuration (config.json of a bundle) that a restore looks at. */
export interface RuntimeSpec {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly process?: {
    readonly user?: {
      readonly uid?: number;
      readonly gid?: number;
      readonly additionalGids?: readonly number[];
    };
    readonly capabilities?: {
      readonly bounding?: readonly string[];
      readonly permitted?: readonly string[];
    };
    readonly noNewPrivileges?: boolean;
    readonly apparmorProfile?: string;
    readonly selinuxLabel?: string;
  };
  readonly linux?: {
    readonly namespaces?: readonly { readonly type: string; readonly path?: string }[];
    readonly seccomp?: {
      readonly defaultAction?: string;
      readonly syscalls?: readonly {
        readonly names: readonly string[];
        readonly action: string;
        readonly args?: readonly unknown[];
      }[];
    };
  };
}

/** Who a container is, in the words of containerd's CRI annotations. */
export interface ContainerIdentity {
  readonly restoreUID: string;
  readonly namespace: string;
  readonly podName: string;
  readonly containerName: string;
}

const maximalBytes = 16 << 20;

export async function readRuntimeSpec(bundle: string): Promise<RuntimeSpec> {
  const path = join(bundle, "config.json");
  const { size } = await stat(path);
  if (size > maximalBytes) {
    throw new ClouderError("refused", `${path} has ${size} bytes, which is too much`);
  }
  return JSON.parse(await readFile(path, "utf8")) as RuntimeSpec;
}

/** The identity of a container that is to be restored; undefined for all others and for sandboxes. */
export function restoreIdentity(spec: RuntimeSpec): ContainerIdentity | undefined {
  const values = spec.annotations ?? {};
  const restoreUID = values[annotations.restore];
  if (restoreUID === undefined || values["io.kubernetes.cri.container-type"] !== "container") {
    return undefined;
  }
  return {
    restoreUID,
    namespace: values["io.kubernetes.cri.sandbox-namespace"] ?? "",
    podName: values["io.kubernetes.cri.sandbox-name"] ?? "",
    containerName: values["io.kubernetes.cri.container-name"] ?? "",
  };
}

/** Path of the pod's network namespace; undefined on the host's network. */
export function networkNamespace(spec: RuntimeSpec): string | undefined {
  return spec.linux?.namespaces?.find(({ type }) => type === "network")?.path;
}
