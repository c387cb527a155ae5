import { expect, test } from "vitest";
import { clientToken, tagsOf, uniqueName } from "#bootstrap/providers/aws/identity";
import { subnetBlocks } from "#bootstrap/providers/aws/network";
import { controllerPolicy, policyArns } from "#bootstrap/providers/aws/policies";
import { wantedRules } from "#bootstrap/providers/aws/rules";

const identity = { cluster: "dev", uid: "0a1b2c3d-1111-4222-8333-444444444444" };

test("C4 every part carries the cluster, the role and the original's tags", () => {
  const tags = tagsOf(identity, { part: "vpc", role: "network", name: "dev-vpc" });
  expect(Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]))).toMatchObject({
    ...{ Name: "dev-vpc", "clouder-cluster": "dev", "clouder-role": "network" },
    ...{ "datalayer.io/cluster": "dev", "datalayer.io/role": "network" },
    ...{ "datalayer.io/component": "kubeadm", "clouder-uid": identity.uid },
  });
});

test("C1 a client token is the same for the same machine, another after each removal, and fits", () => {
  const token = clientToken(identity, "machine-dev-node-1", "0.0");
  expect(clientToken(identity, "machine-dev-node-1", "0.0")).toBe(token);
  expect(clientToken(identity, "machine-dev-node-1", "0.1")).not.toBe(token);
  expect(clientToken({ ...identity, uid: "other" }, "machine-dev-node-1", "0.0")).not.toBe(token);
  expect(token.length).toBeLessThanOrEqual(64);
});

test.each([
  ["-control-plane", 64],
  ["-api-public", 32],
])("names with %s stay within %i characters and tell clusters apart", (suffix, most) => {
  const long = { ...identity, cluster: "a-very-long-name-of-a-cluster-that-is-x40" };
  const name = uniqueName(long, suffix, most);
  expect(name.length).toBeLessThanOrEqual(most);
  expect(name).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
  expect(uniqueName({ ...long, uid: "ffffffff-1" }, suffix, most)).not.toBe(name);
});

test("C2 subnets are apart and inside of the VPC", () => {
  expect(subnetBlocks("10.0.0.0/16").slice(0, 2)).toEqual(["10.0.0.0/19", "10.0.32.0/19"]);
  expect(new Set(subnetBlocks("192.168.4.0/24")).size).toBe(8);
});

test("C2 no rule is open to the Internet; ports of Services only with ingress, etcd only among control planes", () => {
  const closed = wantedRules({ allowed: ["192.0.2.0/24"], ingress: false, balancers: [] });
  const all = Object.values(closed).flat();
  expect(all.some(({ source }) => "cidr" in source && source.cidr === "0.0.0.0/0")).toBe(false);
  expect(closed.nodes.some(({ from }) => [80, 443, 30000].includes(from))).toBe(false);
  const etcd = all.filter(({ from }) => from === 2379);
  expect(etcd.map(({ source }) => source)).toEqual([{ group: "control-plane" }]);
  const open = wantedRules({ allowed: ["192.0.2.0/24"], ingress: true, balancers: ["api-public"] });
  expect(open.nodes.filter(({ from }) => [80, 443, 30000].includes(from))).toHaveLength(3);
  expect(open["control-plane"]).toContainEqual(
    expect.objectContaining({ from: 6443, source: { group: "api-public" } }),
  );
});

test("C5 the policies are AWS' own of the partition, and the controllers' only for this cluster", () => {
  expect(policyArns("worker", "aws-cn")[0]).toBe(
    "arn:aws-cn:iam::aws:policy/AmazonSSMManagedInstanceCore",
  );
  const { Statement } = JSON.parse(controllerPolicy("dev")) as {
    Statement: { Action: string[]; Condition?: object }[];
  };
  const changing = Statement.find(({ Action }) => Action.includes("ec2:DeleteSecurityGroup"));
  expect(JSON.stringify(changing?.Condition)).toContain("kubernetes.io/cluster/dev");
});
