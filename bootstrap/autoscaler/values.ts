import type { Values } from "#bootstrap/addons/addon";
import { groupsOf } from "#bootstrap/autoscaler/groups";
import { onControlPlanes } from "#bootstrap/clouds/controller-parts";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";

/** The Secret with the address of `nodepool autoscale` and the certificate to call it with. */
const autoscalerSecret = "clouder-autoscaler";
const folder = `/etc/${autoscalerSecret}`;

/** What that Secret holds beside tls.crt, tls.key and ca.crt, in `cloud-config`. */
export function cloudConfig(address: string): Values {
  return {
    ...{ address, key: `${folder}/tls.key`, cert: `${folder}/tls.crt` },
    cacert: `${folder}/ca.crt`,
    // A cloud's list of machines may take longer than its five seconds.
    grpc_timeout: "30s",
  };
}

/**
 * Values of the chart cluster-autoscaler. It finds the pools and their bounds by asking
 * `nodepool autoscale`; the chart wants them all the same, and makes no Deployment without.
 */
export function autoscalerValues(spec: ClusterSpec): Values {
  const minor = spec.kubernetesVersion.split(".").slice(0, 2).join(".");
  return {
    ...onControlPlanes,
    cloudProvider: "externalgrpc",
    autoscalingGroups: groupsOf(spec).map(({ name, min, max }) => ({
      ...{ name, minSize: min, maxSize: max },
    })),
    // It simulates the scheduler of its own minor.
    image: { tag: `${minor}.0` },
    extraArgs: {
      "cloud-config": `${folder}/cloud-config`,
      // A machine of a cloud is a proven node within minutes.
      "max-node-provision-time": "20m",
    },
    extraVolumes: [{ name: autoscalerSecret, secret: { secretName: autoscalerSecret } }],
    extraVolumeMounts: [{ name: autoscalerSecret, mountPath: folder, readOnly: true }],
  };
}
