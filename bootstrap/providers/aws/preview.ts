import { images } from "./image-table.ts";
import { balancerKinds } from "./machines.ts";
import { policyArns } from "./policies.ts";
import { wantedRules } from "./rules.ts";
import { subnetBlocks } from "./network.ts";
import { parseAwsSettings, type AwsSettings } from "./settings.ts";
import { isSpot, sizeFor } from "#bootstrap/providers/machine-size";
import type { ProviderContext, WantedMachine } from "#bootstrap/providers/provider";

/** The calls that would make a cluster where nothing is yet, one a line; nobody is asked. */
export function previewCalls(
  { spec: { name: cluster, provider } }: Pick<ProviderContext, "spec">,
  wanted: readonly WantedMachine[],
): readonly string[] {
  const settings = parseAwsSettings(provider.settings);
  const balancers = balancerKinds(settings);
  const where = settings.region ?? "the region of AWS_REGION or the profile";
  return [
    `in ${where}, all with the tags clouder-cluster=${cluster} and clouder-role:`,
    ...network(cluster, settings),
    ...firewall(cluster, settings, balancers),
    settings.keyPair === undefined
      ? `ec2:ImportKeyPair of ${settings.key ?? "a new key"}.pub`
      : `use the key pair ${settings.keyPair}`,
    settings.ami === undefined
      ? `ssm:GetParameter for the newest ${images[settings.image]?.title ?? settings.image}, recorded`
      : `use the image ${settings.ami}`,
    ...(["control-plane", "worker"] as const).map((role) => {
      const policies = policyArns(role, "aws").map((arn) => arn.split("/").at(-1));
      return `iam:CreateRole and instance profile for ${role} with ${policies.join(", ")}`;
    }),
    ...balancers.map(
      (kind) =>
        `elasticloadbalancing:CreateLoadBalancer ${kind === "api-public" ? "internet-facing" : "internal"} TCP 6443, target group and listener`,
    ),
    ...wanted.map((one) => machine(one, settings)),
    "elasticloadbalancing:RegisterTargets with the control planes",
  ];
}

function network(cluster: string, settings: AwsSettings): readonly string[] {
  if (settings.vpc !== undefined) {
    return [`use ${settings.vpc} with ${settings.subnets.join(", ")}, left as they are`];
  }
  const blocks = subnetBlocks(settings.vpcCIDR);
  return [
    `ec2:CreateVpc ${cluster}-vpc ${settings.vpcCIDR}, DNS names on`,
    `ec2:CreateInternetGateway ${cluster}-igw, attached`,
    `ec2:CreateSubnet ${cluster}-subnet ${blocks[0] ?? ""} and ${cluster}-subnet-2 ${blocks[1] ?? ""} in two zones`,
    `ec2:CreateRouteTable ${cluster}-public-routes, 0.0.0.0/0 to the internet gateway`,
    ...(settings.private
      ? [
          `ec2:CreateSubnet ${cluster}-private-subnet ${blocks[4] ?? ""} and ${cluster}-private-subnet-2 ${blocks[5] ?? ""}`,
          `ec2:AllocateAddress and ec2:CreateNatGateway ${cluster}-nat`,
          `ec2:CreateRouteTable ${cluster}-private-routes, 0.0.0.0/0 to the NAT gateway`,
        ]
      : []),
  ];
}

function firewall(
  cluster: string,
  settings: AwsSettings,
  balancers: ReturnType<typeof balancerKinds>,
): readonly string[] {
  const allowed = settings.allowCIDRs.length > 0 ? settings.allowCIDRs : ["this machine's address"];
  const rules = wantedRules({ allowed, ingress: settings.ingress, balancers });
  const shown = (["nodes", "control-plane"] as const).flatMap((group) =>
    rules[group].map(({ protocol, from, to, source }) => {
      const ports = protocol === "icmp" ? "" : `${from === to ? from : `${from}-${to}`}/`;
      return `${group} ${ports}${protocol} from ${"cidr" in source ? source.cidr : source.group}`;
    }),
  );
  return [
    `ec2:CreateSecurityGroup ${cluster}-kubeadm-sg and ${cluster}-control-plane-sg`,
    ...shown.map((rule) => `ec2:AuthorizeSecurityGroupIngress ${rule}`),
  ];
}

function machine(wanted: WantedMachine, settings: AwsSettings): string {
  const isPlane = wanted.role === "control-plane";
  const kind = isSpot(wanted, settings) ? "spot, " : "";
  return `ec2:RunInstances ${wanted.name} ${sizeFor(wanted, settings)}, ${kind}${settings.osDiskSize} GB gp3 encrypted, IMDSv2 with hop limit ${isPlane ? 2 : 1}`;
}
