import type { AddonInput, Values } from "#bootstrap/addons/addon";

/**
 * The kubelets' serving certificates are signed by the cluster, so they are verified; and the API
 * server verifies metrics-server's own, which the chart makes and keeps.
 */
export function metricsServerValues({ spec }: AddonInput): Values {
  const several = spec.controlPlane.count > 1;
  return {
    replicas: several ? 2 : 1,
    ...(several && { podDisruptionBudget: { enabled: true, minAvailable: 1 } }),
    // Clusters without workers have it, too.
    tolerations: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
    apiService: { insecureSkipTLSVerify: false },
    tls: {
      type: "helm",
      clusterDomain: spec.network.dnsDomain,
      // The chart never renews it: a year would end in the night.
      helm: { certDurationDays: 3650 },
    },
  };
}
