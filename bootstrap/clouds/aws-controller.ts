import {
  account,
  controllerName,
  daemonSet,
  onControlPlanes,
  rule,
} from "#bootstrap/clouds/controller-parts";
import { upstream } from "#bootstrap/packages/upstream";

/**
 * AWS' controllers of nodes: addresses, zones, sizes, and nodes that go when their machines are
 * gone. Balancers of Services belong to the AWS Load Balancer Controller: classic ones, which this
 * controller would make, could not be found again by tag.
 */
export function awsController(cluster: string): readonly object[] {
  return [
    ...account(controllerName, rules, true),
    daemonSet(controllerName, {
      ...onControlPlanes,
      container: {
        image: upstream.cloudControllers.aws,
        args: [
          ...["--v=2", "--cloud-provider=aws", `--cluster-name=${cluster}`],
          ...["--controllers=cloud-node-controller,cloud-node-lifecycle-controller"],
          // Pods are flannel's business, and the ranges of nodes are kube-controller-manager's.
          ...["--configure-cloud-routes=false", "--allocate-node-cidrs=false"],
        ],
        // Only where a machine has no instance profile.
        envFrom: [{ secretRef: { name: awsCredentials, optional: true } }],
        resources: { requests: { cpu: "100m", memory: "64Mi" } },
      },
    }),
  ];
}

/** Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for machines without a profile. */
export const awsCredentials = "aws-cloud-credentials";

const rules = [
  rule("", "events", "create", "patch", "update"),
  rule("", "nodes", "get", "list", "watch", "update", "patch", "delete"),
  rule("", "nodes/status", "patch"),
  rule("coordination.k8s.io", "leases", "get", "create", "update"),
  rule("authentication.k8s.io", "tokenreviews", "create"),
  rule("authorization.k8s.io", "subjectaccessreviews", "create"),
];
