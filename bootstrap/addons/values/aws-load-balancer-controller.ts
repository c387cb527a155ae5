import type { AddonInput, Values } from "#bootstrap/addons/addon";
import { awsFactsOf } from "#bootstrap/addons/cloud-input";
import { awsCredentials } from "#bootstrap/clouds/aws-controller";
import { onControlPlanes } from "#bootstrap/clouds/controller-parts";

/**
 * The controller of load balancers for Services and Ingresses. Its own tags beside the cluster's let
 * `cluster delete` find everything it made, and bound its rights to that.
 */
export function awsLoadBalancerControllerValues(input: AddonInput): Values {
  const { spec } = input;
  const { region, vpc } = awsFactsOf(input);
  return {
    ...onControlPlanes,
    ...{ clusterName: spec.name, region, vpcId: vpc, replicaCount: 2 },
    cluster: { dnsDomain: spec.network.dnsDomain },
    // Pods have addresses of the pod network, which balancers do not reach.
    defaultTargetType: "instance",
    defaultTags: { "clouder-cluster": spec.name, [`kubernetes.io/cluster/${spec.name}`]: "owned" },
    podDisruptionBudget: { maxUnavailable: 1 },
    envFrom: [{ secretRef: { name: awsCredentials, optional: true } }],
    // An upgrade keeps the webhook's certificate, which running pods have loaded.
    keepTLSSecret: true,
    ...{ enableShield: false, enableWaf: false, enableWafv2: false },
  };
}
