import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  readModule,
  referencesOf,
  resourcesOf,
  terraformFolder,
  type TerraformModule,
} from "#test/unit/terraform/hcl";

/** Providers cannot be fetched everywhere: what is checked here is what HCL alone can tell. */

const [common, aws, azure] = (await Promise.all(["common", "aws", "azure"].map(readModule))) as [
  TerraformModule,
  TerraformModule,
  TerraformModule,
];
const all = [common, aws, azure];
const clouds = [aws, azure];
const json = (value: unknown) => JSON.stringify(value);

function defined(module: TerraformModule): ReadonlySet<string> {
  const outputs = Object.keys(common.output);
  return new Set([
    ...Object.keys(module.variable).map((name) => `var.${name}`),
    ...Object.keys(module.locals).map((name) => `local.${name}`),
    ...Object.entries(module.data).flatMap(([type, named]) =>
      Object.keys(named).map((name) => `data.${type}.${name}`),
    ),
    ...Object.keys(module.module).flatMap((name) => outputs.map((one) => `module.${name}.${one}`)),
    ...resourcesOf(module).map(([name]) => name),
  ]);
}

describe.each(all.map((module) => [module.name, module] as const))(
  "C6 terraform/%s",
  (_n, module) => {
    it("C6 points only at what is defined", () => {
      const known = defined(module);
      expect(referencesOf(module).size).toBeGreaterThan(10);
      expect([...referencesOf(module)].filter((name) => !known.has(name))).toEqual([]);
    });

    it("C6 defines no variable, local or data that nothing uses", () => {
      const used = referencesOf(module);
      const names = [...defined(module)].filter((name) => /^(var|local|data)\./.test(name));
      expect(names.filter((name) => !used.has(name))).toEqual([]);
    });

    it("C6 makes no managed cluster", () => {
      const types = Object.keys(module.resource);
      expect(types.filter((type) => /^aws_eks|kubernetes_cluster/.test(type))).toEqual([]);
    });

    it("C6 describes every variable and output", () => {
      const blocks = [...Object.entries(module.variable), ...Object.entries(module.output)];
      for (const [name, [body]] of blocks) expect(body?.["description"], name).toBeTruthy();
    });
  },
);

describe.each(clouds.map((module) => [module.name, module] as const))(
  "C6 terraform/%s",
  (_n, module) => {
    it("C6 gives the part in common exactly what that asks for", () => {
      const [{ source, ...given } = {}] = module.module["cluster"] ?? [];
      expect(source).toBe("../common");
      const needed = Object.entries(common.variable).flatMap(([name, [body]]) =>
        body && "default" in body ? [] : [name],
      );
      expect(Object.keys(given)).toEqual(expect.arrayContaining(needed));
      expect(Object.keys(common.variable)).toEqual(expect.arrayContaining(Object.keys(given)));
    });

    it("C6 makes one control plane and three workers, names as everywhere", () => {
      expect(module.variable["worker_count"]?.[0]?.["default"]).toBe(3);
      const machines = json(module.locals["machines"]);
      expect(machines).toContain("${var.cluster_name}-master");
      expect(machines).toContain("${var.cluster_name}-node-${number}");
    });

    it("C6 opens SSH and the API server to allowed_ssh_cidrs, which has no default", () => {
      const [body = {}] = module.variable["allowed_ssh_cidrs"] ?? [];
      expect(body).not.toHaveProperty("default");
      expect(json(body["validation"])).toContain("/0");
      const open = resourcesOf(module).filter(
        ([name, one]) => /ingress|security_group|nsg/.test(name) && json(one).includes("0.0.0.0/0"),
      );
      expect(open.map(([name]) => name)).toEqual(
        module === aws ? ["aws_vpc_security_group_egress_rule.all"] : [],
      );
    });
  },
);

/** Kinds of Azure that have no tags. */
const bare = /^azurerm_(subnet|subnet_network_security_group_association|role_assignment)\./;

it("C6 everything carries the cluster's tag, machines their role", () => {
  const [provider = {}] = aws.provider["aws"] ?? [];
  expect(json(provider)).toContain("${local.tags}");
  for (const module of clouds) {
    expect(json(module.locals["tags"])).toContain('"clouder-cluster":"${var.cluster_name}"');
  }
  for (const [name, body] of resourcesOf(azure)) {
    if (!bare.test(name)) expect(json(body["tags"]), name).toMatch(/local\.tags.*clouder-role/);
  }
  expect(json(aws.resource["aws_instance"]?.["machine"]?.[0]?.["tags"])).toContain("clouder-role");
});

it("C6 in AWS: two subnets with the load balancers' tags, IMDSv2, encrypted disks", () => {
  const [subnet = {}] = aws.resource["aws_subnet"]?.["public"] ?? [];
  expect(subnet["count"]).toBe(2);
  expect(json(subnet["tags"])).toContain('"kubernetes.io/role/elb":"1"');
  expect(json(aws.locals["tags"])).toContain("kubernetes.io/cluster/${var.cluster_name}");
  const [machine = {}] = aws.resource["aws_instance"]?.["machine"] ?? [];
  expect(machine).toMatchObject({
    metadata_options: [{ http_tokens: "required" }],
    root_block_device: [{ encrypted: true, volume_type: "gp3" }],
  });
});

it("C6 in AWS: a profile for each role, ECR and a Client VPN on request", () => {
  const policies = json(aws.locals["policies"]);
  for (const name of [
    ...["AmazonEBSCSIDriverPolicy", "ElasticLoadBalancingFullAccess", "AmazonEC2ReadOnlyAccess"],
  ]) {
    expect(policies).toContain(name);
  }
  expect(json(aws.locals["every_machine"])).toContain("AmazonEC2ContainerRegistryReadOnly");
  expect(aws.variable["registry_repositories"]?.[0]?.["default"]).toEqual([]);
  expect(aws.variable["client_vpn_cidr"]?.[0]?.["default"]).toBe("172.16.0.0/22");
  const [vpn = {}] = aws.resource["aws_ec2_client_vpn_endpoint"]?.["cluster"] ?? [];
  expect(vpn).toMatchObject({ count: "${local.vpn}", client_cidr_block: "${var.client_vpn_cidr}" });
});

it("C6 in Azure: the names and rules of the original", () => {
  const text = json(azure.resource);
  for (const part of ["-rg", "-vnet", "-subnet", "-nsg"]) {
    expect(text).toContain(`"\${var.cluster_name}${part}"`);
  }
  const [firewall = {}] = azure.resource["azurerm_network_security_group"]?.["cluster"] ?? [];
  expect(firewall["security_rule"]).toMatchObject([
    { name: "AllowSSH", priority: 1000, source_address_prefixes: "${var.allowed_ssh_cidrs}" },
    { name: "AllowK8sAPI", priority: 1100, source_address_prefixes: "${var.allowed_ssh_cidrs}" },
  ]);
});

it("C6 templates use exactly the settings that they are given", () => {
  const folder = join(terraformFolder, "common/templates");
  const used = readdirSync(folder).flatMap((file) =>
    [...readFileSync(join(folder, file), "utf8").matchAll(/(?<!\$)\$\{(\w+)\}/g)].map(
      ([, name]) => name ?? "",
    ),
  );
  const settings = Object.keys(common.locals["settings"] as object);
  expect([...new Set(used)].sort()).toEqual(settings.sort());
});
