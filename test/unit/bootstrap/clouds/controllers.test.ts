import { describe, expect, test } from "vitest";
import { awsController } from "#bootstrap/clouds/aws-controller";
import { azureConfig, azureConfigSecret } from "#bootstrap/clouds/azure-config";
import { azureController } from "#bootstrap/clouds/azure-controller";
import { azureFacts } from "#test/fixtures/cloud-facts";

interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly hostNetwork?: boolean;
        readonly nodeSelector: Readonly<Record<string, string>>;
        readonly tolerations: readonly Readonly<Record<string, string>>[];
        readonly containers: readonly {
          readonly image: string;
          readonly args: readonly string[];
          readonly securityContext?: object;
        }[];
      };
    };
  };
}

const find = (objects: readonly object[], kind: string, name: string) =>
  (objects as readonly Workload[]).find((one) => one.kind === kind && one.metadata.name === name);
const podOf = (objects: readonly object[], name: string) =>
  find(objects, "DaemonSet", name)?.spec.template.spec;
const plane = { "node-role.kubernetes.io/control-plane": "" };
const waiting = "node.cloudprovider.kubernetes.io/uninitialized";

describe("the cloud controller manager", () => {
  test("F6 of AWS tells nodes and makes neither routes nor classic load balancers", () => {
    const pod = podOf(awsController("dev"), "cloud-controller-manager");
    expect(pod?.containers[0]?.image).toMatch(/^registry\.k8s\.io\/provider-aws\/.+:v1\.36\.\d+$/);
    expect(pod?.containers[0]?.args).toEqual(
      expect.arrayContaining([
        ...["--cloud-provider=aws", "--cluster-name=dev", "--configure-cloud-routes=false"],
        "--controllers=cloud-node-controller,cloud-node-lifecycle-controller",
      ]),
    );
    expect(pod).toMatchObject({ hostNetwork: true, nodeSelector: plane });
    expect(pod?.tolerations.map(({ key }) => key)).toEqual(
      expect.arrayContaining([waiting, ...Object.keys(plane)]),
    );
  });

  test("F5 of Azure makes load balancers of Services, no routes, and reads root's own file", () => {
    const objects = azureController("dev", "10.244.0.0/16");
    const pod = podOf(objects, "cloud-controller-manager");
    expect(pod?.containers[0]?.args).toEqual(
      expect.arrayContaining([
        ...["--cloud-provider=azure", "--cloud-config=/etc/kubernetes/azure.json"],
        ...["--cluster-name=dev", "--cluster-cidr=10.244.0.0/16"],
        ...["--configure-cloud-routes=false", "--controllers=*,-cloud-node-controller"],
      ]),
    );
    expect(pod).toMatchObject({ hostNetwork: true, nodeSelector: plane });
    expect(pod?.containers[0]?.securityContext).toEqual({ runAsUser: 0 });
    const nodes = podOf(objects, "cloud-node-manager");
    expect(nodes).toMatchObject({ hostNetwork: true, tolerations: [{ operator: "Exists" }] });
  });

  test("of either cloud may read no Secret", () => {
    for (const objects of [awsController("dev"), azureController("dev", "10.244.0.0/16")]) {
      const roles = (objects as readonly Workload[]).filter(({ kind }) => kind === "ClusterRole");
      expect(roles.length).toBeGreaterThan(0);
      const resources = roles.flatMap(({ rules = [] }) => rules.flatMap((one) => one["resources"]));
      expect(resources).toContain("nodes");
      expect(resources).not.toContain("secrets");
    }
  });
});

describe("F2 Azure's settings for its controllers", () => {
  test("F2 name the machines' identity and hold no secret", () => {
    const config = JSON.parse(azureConfig(azureFacts)) as Readonly<Record<string, unknown>>;
    expect(config).toMatchObject({
      ...{ cloud: "AzurePublicCloud", vmType: "standard", loadBalancerSku: "standard" },
      ...{ resourceGroup: "dev-rg", location: "eastus", vnetResourceGroup: "net-rg" },
      ...{ vnetName: "hub", subnetName: "nodes", securityGroupName: "dev-nsg" },
      useManagedIdentityExtension: true,
      userAssignedIdentityID: azureFacts.identity,
    });
    expect(Object.keys(config).filter((name) => /secret|aad|key/i.test(name))).toEqual([]);
  });

  test("F2 stand in the Secret azure-cloud-provider, key cloud-config, too", () => {
    const secret = azureConfigSecret(azureFacts) as {
      readonly metadata: object;
      readonly data: Readonly<Record<string, string>>;
    };
    expect(secret.metadata).toEqual({ name: "azure-cloud-provider", namespace: "kube-system" });
    const text = Buffer.from(secret.data["cloud-config"] ?? "", "base64").toString();
    expect(text).toBe(azureConfig(azureFacts));
  });
});
