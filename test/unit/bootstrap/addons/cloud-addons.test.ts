import { describe, expect, test } from "vitest";
import type { AddonInput } from "#bootstrap/addons/addon";
import { addonInput, refuseUnready } from "#bootstrap/addons/input";
import { addonObjects } from "#bootstrap/addons/objects";
import { addonValues } from "#bootstrap/addons/values";
import { addonCalled } from "#bootstrap/addons/wanted";
import type { CloudFacts } from "#bootstrap/clouds/cloud-facts";
import type { Provider } from "#bootstrap/providers/provider";
import { loadSpec } from "#bootstrap/spec/load";
import { awsFacts, azureFacts } from "#test/fixtures/cloud-facts";

const input = (cloud: CloudFacts, planes = 1): AddonInput => ({
  spec: loadSpec({
    flags: { name: "dev", provider: cloud.cloud, packages: "online", controlPlanes: planes },
    defaults: { kubernetesVersion: "v1.36.3" },
  }),
  cloud,
});
const aws = input(awsFacts);
const azure = input(azureFacts);
const plane = { "node-role.kubernetes.io/control-plane": "" };
const objectOf = (addon: string, kind: string, of: AddonInput) =>
  addonObjects(addon, of).find((one) => one.kind === kind) as unknown;
const isDefault = { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } };

describe("add-ons of Azure", () => {
  test("F2 N4 disks: the default class managed-csi, expansion, and a class of snapshots", () => {
    expect(objectOf("azuredisk-csi-driver", "StorageClass", azure)).toMatchObject({
      metadata: { name: "managed-csi", ...isDefault },
      provisioner: "disk.csi.azure.com",
      parameters: { skuName: "StandardSSD_LRS" },
      ...{ volumeBindingMode: "WaitForFirstConsumer", allowVolumeExpansion: true },
    });
    expect(addonValues("azuredisk-csi-driver", azure)).toMatchObject({
      controller: { replicas: 1, runOnControlPlane: true, allowEmptyCloudConfig: false },
      snapshot: { enabled: true, VolumeSnapshotClass: { enabled: true } },
    });
    const three = addonValues("azuredisk-csi-driver", input(azureFacts, 3));
    expect(three).toMatchObject({ controller: { replicas: 2 } });
  });

  test("F2 both drivers find the cluster's settings in their Secret, and there is no secret in it", () => {
    for (const name of ["azuredisk-csi-driver", "azurefile-csi-driver"]) {
      const secret = objectOf(name, "Secret", azure) as {
        readonly metadata: object;
        readonly data: Readonly<Record<string, string>>;
      };
      expect(secret.metadata).toEqual({ name: "azure-cloud-provider", namespace: "kube-system" });
      const config = Buffer.from(secret.data["cloud-config"] ?? "", "base64").toString();
      expect(config).toContain('"useManagedIdentityExtension": true');
      expect(config).not.toMatch(/secret|password/i);
    }
  });

  test("F3 N4 files: the class azure-nfs over NFS in the machines' network, with no share of its own", () => {
    const found = objectOf("azurefile-csi-driver", "StorageClass", azure) as {
      readonly metadata: object;
      readonly parameters: Readonly<Record<string, string>>;
    };
    expect(found).toMatchObject({
      metadata: { name: "azure-nfs" },
      provisioner: "file.csi.azure.com",
      parameters: {
        ...{ protocol: "nfs", skuName: "Premium_LRS", location: "eastus" },
        ...{ subscriptionID: azureFacts.subscription, resourceGroup: "dev-rg" },
        ...{ vnetResourceGroup: "net-rg", vnetName: "hub", subnetName: "nodes" },
      },
    });
    expect(found.parameters).not.toHaveProperty("shareName");
    expect(found.metadata).not.toHaveProperty("annotations");
  });
});

describe("add-ons of AWS", () => {
  test("F6 N4 EBS: the default class gp3, encrypted, ext4, where the pod is", () => {
    expect(addonValues("aws-ebs-csi-driver", aws)).toMatchObject({
      controller: {
        ...{ region: "eu-central-1", k8sTagClusterId: "dev", nodeSelector: plane },
        replicaCount: 2,
      },
      storageClasses: [
        {
          ...{ name: "gp3", ...isDefault, volumeBindingMode: "WaitForFirstConsumer" },
          allowVolumeExpansion: true,
          parameters: { type: "gp3", encrypted: "true", "csi.storage.k8s.io/fstype": "ext4" },
        },
      ],
    });
  });

  test("F8 load balancers: cluster, region and VPC, targets by machine, two replicas on control planes", () => {
    expect(addonValues("aws-load-balancer-controller", aws)).toMatchObject({
      ...{ clusterName: "dev", region: "eu-central-1", vpcId: awsFacts.vpc, replicaCount: 2 },
      ...{ defaultTargetType: "instance", nodeSelector: plane },
      // Bounds the role, and lets delete find what was made.
      defaultTags: { "kubernetes.io/cluster/dev": "owned" },
    });
  });

  test("F6 F8 keys come from the profile first, else from the Secret aws-cloud-credentials", () => {
    expect(addonValues("aws-ebs-csi-driver", aws)).toMatchObject({
      awsAccessSecret: { name: "aws-cloud-credentials", keyId: "AWS_ACCESS_KEY_ID" },
    });
    expect(addonValues("aws-load-balancer-controller", aws)).toMatchObject({
      envFrom: [{ secretRef: { name: "aws-cloud-credentials", optional: true } }],
    });
  });
});

test.each([
  ["azuredisk-csi-driver", "managed-csi", azure],
  ["aws-ebs-csi-driver", "gp3", aws],
])("N4 %s refuses claims of %s for many nodes", (name, className, of) => {
  expect(JSON.stringify(objectOf(name, "ValidatingAdmissionPolicy", of))).toContain(
    `volumes of the class ${className} are disks of one node`,
  );
  expect(objectOf(name, "ValidatingAdmissionPolicyBinding", of)).toMatchObject({
    spec: { policyName: `clouder-one-node-${className}`, validationActions: ["Deny"] },
  });
});

describe("an add-on of a cloud", () => {
  const disk = addonCalled("azuredisk-csi-driver");

  test("F4 is refused while the identity has no role, with the command that gives it", () => {
    const missingRole = "az role assignment create --role Contributor";
    const of = { ...azure, cloud: { ...azureFacts, missingRole } };
    expect(() => {
      refuseUnready(of, disk);
    }).toThrow(
      expect.objectContaining({
        code: "denied",
        hint: expect.stringContaining(missingRole) as string,
      }),
    );
    refuseUnready(azure, disk);
  });

  test("is refused in a cluster that runs without the cloud's controllers", () => {
    const { spec } = input({ ...azureFacts });
    const without = loadSpec({
      flags: { name: "dev", provider: "azure", bundle: "/bundle" },
      defaults: { kubernetesVersion: spec.kubernetesVersion },
    });
    expect(() => {
      refuseUnready({ ...azure, spec: without }, disk);
    }).toThrow("needs the cloud's controllers");
  });

  test("asks the cloud, and one of every cluster does not", async () => {
    let asked = 0;
    const provider = {
      cloudFacts: () => {
        asked += 1;
        return Promise.resolve(azureFacts);
      },
    } as unknown as Provider;
    const context = { ...azure, provider, folder: "/nowhere", report: () => undefined };
    expect(await addonInput([addonCalled("traefik")], context)).toEqual({ spec: azure.spec });
    expect(asked).toBe(0);
    expect((await addonInput([disk], context)).cloud).toBe(azureFacts);
  });
});
