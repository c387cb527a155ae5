import type { MachineRole } from "#bootstrap/providers/provider";

/** What EC2 may do with a role: become it. */
export const machineTrust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" },
  ],
});

const everyMachine = ["AmazonSSMManagedInstanceCore", "AmazonEC2ContainerRegistryReadOnly"];

/** AWS' own policies by role: storage and load balancers are run on control planes only. */
const managed: Readonly<Record<MachineRole, readonly string[]>> = {
  "control-plane": [
    "service-role/AmazonEBSCSIDriverPolicy",
    "ElasticLoadBalancingFullAccess",
    "AmazonEC2ReadOnlyAccess",
    ...everyMachine,
  ],
  worker: everyMachine,
};

/** ARNs of the policies that a role gets. */
export function policyArns(role: MachineRole, partition: string): readonly string[] {
  return managed[role].map((name) => `arn:${partition}:iam::aws:policy/${name}`);
}

/** What the cloud controllers change beyond that, in this cluster's things only. */
export function controllerPolicy(cluster: string): string {
  const clusterTag = `kubernetes.io/cluster/${cluster}`;
  const onOurs = { Null: { [`aws:ResourceTag/${clusterTag}`]: "false" } };
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: [
          "ec2:AuthorizeSecurityGroupIngress",
          "ec2:RevokeSecurityGroupIngress",
          "ec2:DeleteSecurityGroup",
          "ec2:ModifyInstanceAttribute",
        ],
        Resource: "*",
        Condition: onOurs,
      },
      {
        Effect: "Allow",
        Action: ["ec2:CreateSecurityGroup", "ec2:GetSecurityGroupsForVpc"],
        Resource: "*",
      },
      {
        Effect: "Allow",
        Action: ["ec2:CreateTags", "ec2:DeleteTags"],
        Resource: "arn:*:ec2:*:*:security-group/*",
        Condition: onOurs,
      },
      {
        Effect: "Allow",
        Action: ["ec2:CreateTags"],
        Resource: "arn:*:ec2:*:*:security-group/*",
        Condition: {
          StringEquals: { "ec2:CreateAction": "CreateSecurityGroup" },
          Null: { [`aws:RequestTag/${clusterTag}`]: "false" },
        },
      },
      {
        Effect: "Allow",
        Action: ["iam:CreateServiceLinkedRole"],
        Resource: "*",
        Condition: {
          StringEquals: { "iam:AWSServiceName": "elasticloadbalancing.amazonaws.com" },
        },
      },
    ],
  });
}
