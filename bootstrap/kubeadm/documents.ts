import { apiPort, type ApiEndpoint } from "#bootstrap/kubeadm/endpoint";
import type { Machine, NodeSettings } from "#bootstrap/providers/provider";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import type { Joining } from "#bootstrap/steps/step";

const kubeadmVersion = "kubeadm.k8s.io/v1beta4";
const criSocket = "unix:///run/containerd/containerd.sock";
/** Long enough to init, short enough to be worth little when it leaks. */
export const tokenLifetimeMinutes = 30;

/** A load balancer takes a while to believe that a new control plane is well. */
const timeouts = { kubernetesAPICall: "5m0s" };

/** What `kubeadm init` and the upload of certificates are told beyond the spec; secrets among it. */
export interface InitInput {
  readonly machine: Machine;
  readonly settings: NodeSettings;
  readonly endpoint: ApiEndpoint;
  readonly token: string;
  /** Encrypts the certificates that other control planes fetch. */
  readonly certificateKey?: string;
}

/** The file for `kubeadm init`: JSON documents, which are YAML too. Holds a secret. */
export function initFile(spec: ClusterSpec, input: InitInput): string {
  const { machine, settings, endpoint, token, certificateKey } = input;
  return documents([
    {
      apiVersion: kubeadmVersion,
      kind: "InitConfiguration",
      bootstrapTokens: [{ token, ttl: `${tokenLifetimeMinutes}m0s` }],
      ...(certificateKey !== undefined && { certificateKey }),
      localAPIEndpoint: { advertiseAddress: machine.privateAddress, bindPort: apiPort },
      nodeRegistration: registration(spec, input, planeTaints(spec)),
      timeouts,
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
            ...(endpoint.callers === undefined ? [] : [endpoint.callers.replace(/:\d+$/, "")]),
            ...(endpoint.address === undefined ? [] : [endpoint.address]),
            machine.privateAddress,
            ...(machine.publicAddress === undefined ? [] : [machine.publicAddress]),
            "localhost",
            "127.0.0.1",
          ]),
        ],
      },
      ...(spec.cloudController === true && { controllerManager: { extraArgs: [externalCloud] } }),
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

/** What `kubeadm join` is told beyond the spec; secrets among it. */
export interface JoinInput {
  readonly machine: Machine;
  readonly settings: NodeSettings;
  readonly endpoint: ApiEndpoint;
  readonly joining: Joining;
}

/** The file for `kubeadm join`, of a worker or of a further control plane. Holds secrets. */
export function joinFile(spec: ClusterSpec, input: JoinInput): string {
  const { machine, endpoint, joining } = input;
  const plane = machine.role === "control-plane";
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
      ...(plane && {
        controlPlane: {
          localAPIEndpoint: { advertiseAddress: machine.privateAddress, bindPort: apiPort },
          certificateKey: joining.certificateKey,
        },
      }),
      nodeRegistration: registration(spec, input, plane ? planeTaints(spec) : []),
      timeouts,
    },
  ]);
}

/** The file for `kubeadm upgrade`, on the first control plane and on all other nodes. */
export function upgradeFile(spec: ClusterSpec, settings: NodeSettings): string {
  const both = {
    certificateRenewal: true,
    etcdUpgrade: true,
    ignorePreflightErrors: settings.ignorePreflightErrors,
    imagePullPolicy: "IfNotPresent",
  };
  return documents([
    {
      apiVersion: kubeadmVersion,
      kind: "UpgradeConfiguration",
      apply: { ...both, kubernetesVersion: spec.kubernetesVersion },
      node: both,
    },
  ]);
}

/** Absent stands for kubeadm's own: no ordinary pods. */
function planeTaints(spec: ClusterSpec): readonly object[] | undefined {
  return spec.controlPlane.schedulable ? [] : undefined;
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
    // Images that came with a bundle could not be pulled again.
    ...(spec.packages.kind === "bundle" && { imageGCHighThresholdPercent: 100 }),
    ...settings.kubelet,
    ...(spec.nodes?.checkpointGate === true && {
      featureGates: { ...gatesOf(settings.kubelet), ContainerCheckpoint: true },
    }),
  };
}

const gatesOf = (kubelet: NodeSettings["kubelet"]) => kubelet["featureGates"] as object | undefined;

/** Nodes wait for a controller of their cloud, which tells their addresses and zones. */
const externalCloud = { name: "cloud-provider", value: "external" };

function registration(
  { cloudController }: ClusterSpec,
  { machine, settings }: Pick<JoinInput, "machine" | "settings">,
  taints: readonly object[] | undefined,
): object {
  return {
    name: machine.name,
    criSocket,
    imagePullPolicy: "IfNotPresent",
    kubeletExtraArgs: [
      { name: "node-ip", value: machine.privateAddress },
      ...(machine.providerID === undefined
        ? []
        : [{ name: "provider-id", value: machine.providerID }]),
      ...(cloudController === true ? [externalCloud] : []),
    ],
    ignorePreflightErrors: settings.ignorePreflightErrors,
    ...(taints && { taints }),
  };
}

function documents(all: readonly object[]): string {
  return all.map((one) => `${JSON.stringify(one, null, 2)}\n`).join("---\n");
}
