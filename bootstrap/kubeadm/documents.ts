import type { Machine, NodeSettings } from "#bootstrap/providers/provider";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import type { Joining } from "#bootstrap/steps/step";

const kubeadmVersion = "kubeadm.k8s.io/v1beta4";
const criSocket = "unix:///run/containerd/containerd.sock";
export const apiPort = 6443;
/** Long enough to init, short enough to be worth little when it leaks. */
export const tokenLifetimeMinutes = 30;

/** The name under which nodes find the API server: it can move to a load balancer later. */
export function stableEndpoint(spec: ClusterSpec): {
  readonly host: string;
  readonly port: number;
} {
  const given = spec.controlPlane.endpoint;
  if (given === undefined) return { host: `api.${spec.name}.clouder.internal`, port: apiPort };
  const at = given.lastIndexOf(":");
  return { host: given.slice(0, at), port: Number(given.slice(at + 1)) };
}

/** The file for `kubeadm init`: JSON documents, which are YAML too. Holds a secret. */
export function initFile(
  spec: ClusterSpec,
  machine: Machine,
  settings: NodeSettings,
  token: string,
): string {
  const endpoint = stableEndpoint(spec);
  return documents([
    {
      apiVersion: kubeadmVersion,
      kind: "InitConfiguration",
      bootstrapTokens: [{ token, ttl: `${tokenLifetimeMinutes}m0s` }],
      localAPIEndpoint: { advertiseAddress: machine.privateAddress, bindPort: apiPort },
      nodeRegistration: registration(
        machine,
        settings,
        spec.controlPlane.schedulable ? [] : undefined,
      ),
    },
    {
      apiVersion: kubeadmVersion,
      kind: "ClusterConfiguration",
      clusterName: spec.name,
      kubernetesVersion: spec.kubernetesVersion,
      controlPlaneEndpoint: `${endpoint.host}:${endpoint.port}`,
      networking: {
        podSubnet: spec.network.podCIDR,
        serviceSubnet: spec.network.serviceCIDR,
        dnsDomain: spec.network.dnsDomain,
      },
      apiServer: {
        certSANs: [
          ...new Set([
            endpoint.host,
            machine.privateAddress,
            ...(machine.publicAddress === undefined ? [] : [machine.publicAddress]),
            "localhost",
            "127.0.0.1",
          ]),
        ],
      },
    },
    kubelet(spec, settings),
    {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: "nftables",
      ...settings.kubeProxy,
    },
  ]);
}

/** The file for `kubeadm join`. Holds a secret. */
export function joinFile(
  spec: ClusterSpec,
  machine: Machine,
  settings: NodeSettings,
  joining: Joining,
): string {
  const endpoint = stableEndpoint(spec);
  return documents([
    {
      apiVersion: kubeadmVersion,
      kind: "JoinConfiguration",
      discovery: {
        bootstrapToken: {
          apiServerEndpoint: `${endpoint.host}:${endpoint.port}`,
          token: joining.token,
          caCertHashes: [joining.caCertHash],
        },
      },
      nodeRegistration: registration(machine, settings, []),
    },
  ]);
}

function kubelet(spec: ClusterSpec, settings: NodeSettings): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    cgroupDriver: settings.cgroupDriver,
    clusterDomain: spec.network.dnsDomain,
    // No io_uring for pods that say nothing: safer, and CRIU cannot dump its rings.
    seccompDefault: true,
    serverTLSBootstrap: true,
    // Images came with the bundle: nobody could pull them again.
    imageGCHighThresholdPercent: 100,
    ...settings.kubelet,
  };
}

function registration(
  machine: Machine,
  settings: NodeSettings,
  taints: readonly object[] | undefined,
): object {
  return {
    name: machine.name,
    criSocket,
    imagePullPolicy: "IfNotPresent",
    kubeletExtraArgs: [{ name: "node-ip", value: machine.privateAddress }],
    ignorePreflightErrors: settings.ignorePreflightErrors,
    ...(taints && { taints }),
  };
}

function documents(all: readonly object[]): string {
  return all.map((one) => `${JSON.stringify(one, null, 2)}\n`).join("---\n");
}
