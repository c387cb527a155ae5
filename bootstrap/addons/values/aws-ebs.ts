import type { AddonInput, Values } from "#bootstrap/addons/addon";
import { awsFactsOf } from "#bootstrap/addons/cloud-input";
import { awsCredentials } from "#bootstrap/clouds/aws-controller";
import { onControlPlanes } from "#bootstrap/clouds/controller-parts";

/** The class of volumes when a claim names none. */
const gp3 = {
  name: "gp3",
  annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
  volumeBindingMode: "WaitForFirstConsumer",
  allowVolumeExpansion: true,
  parameters: { type: "gp3", encrypted: "true", "csi.storage.k8s.io/fstype": "ext4" },
};

/** The driver of EBS volumes; its controller is where the role for volumes is. */
export function awsEbsValues(input: AddonInput): Values {
  const { spec } = input;
  return {
    // The machine's own role is asked first where this Secret is not there.
    awsAccessSecret: {
      ...{ name: awsCredentials, keyId: "AWS_ACCESS_KEY_ID", accessKey: "AWS_SECRET_ACCESS_KEY" },
    },
    controller: {
      ...onControlPlanes,
      replicaCount: 2,
      region: awsFactsOf(input).region,
      // Volumes carry the cluster's tag, by which `cluster delete` names those that stay.
      k8sTagClusterId: spec.name,
      defaultFsType: "ext4",
    },
    // Pods of workers do not reach the instance metadata: nodes have told all of it to the cluster.
    node: { metadataSources: "kubernetes", enableWindows: false },
    storageClasses: [gp3],
    helmTester: { enabled: false },
  };
}
