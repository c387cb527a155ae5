import { expect, test } from "vitest";
import { allowedNetworks } from "#bootstrap/providers/caller-address";
import { awsProvider } from "#bootstrap/providers/aws/provider";
import { parseAwsSettings } from "#bootstrap/providers/aws/settings";
import { loadSpec } from "#bootstrap/spec/load";
import { wantedMachines } from "#bootstrap/spec/machines";

test("C1 the settings' defaults are the original's", () => {
  expect(parseAwsSettings({})).toMatchObject({
    ...{ controlPlaneSize: "t3.large", workerSize: "t3.large", image: "Ubuntu2204" },
    ...{ osDiskSize: 100, vpcCIDR: "10.0.0.0/16", private: false, spot: false },
  });
});

test.each<[Record<string, unknown>, string]>([
  [{ regoin: "us-east-1" }, "settings.regoin"],
  [{ region: "Virginia" }, "settings.region"],
  [{ account: "12" }, "settings.account"],
  [{ image: "Ubuntu1604" }, "settings.image"],
  [{ osDiskSize: 10 }, "settings.osDiskSize"],
  [{ vpcCIDR: "10.0.0.0/8" }, "settings.vpcCIDR"],
  [{ vpc: "vpc-01" }, "settings.vpc"],
  [{ subnets: ["subnet-01", "subnet-02"] }, "settings.subnets"],
  [{ vpc: "vpc-01", subnets: ["subnet-01"] }, "settings.subnets"],
  [{ zones: ["us-east-1a"] }, "settings.zones"],
  [{ allowCIDRs: ["0.0.0.0/0"] }, "settings.allowCIDRs"],
  [{ allowCIDRs: ["10.0.0.1/8"] }, "settings.allowCIDRs"],
  [{ keyPair: "mine" }, "settings.keyPair"],
  [{ ami: "ami-01" }, "settings.ami"],
  [{ jumpHost: "ops@198.51.100.9" }, "settings.jumpHost"],
  [{ private: true, jumpHost: "ops@198.51.100.9:99999" }, "settings.jumpHost"],
])("refuses the settings %j", (settings, named) => {
  expect(() => parseAwsSettings(settings)).toThrow(
    expect.objectContaining({
      code: "config",
      message: expect.stringContaining(named) as string,
    }) as Error,
  );
});

test("machines that are there cannot follow another region or size, but other callers", () => {
  const section = (settings: Record<string, unknown>) => ({ name: "aws", settings });
  const differs = (settings: Record<string, unknown>) =>
    awsProvider.cannotBecome(section({ region: "us-east-1" }), section(settings));
  expect(differs({ region: "us-east-1" })).toBeUndefined();
  expect(differs({ region: "us-east-1", allowCIDRs: ["10.0.0.0/8"] })).toBeUndefined();
  expect(differs({ region: "eu-west-1" })).toContain("region");
  const hidden = (jumpHost: string) => section({ private: true, jumpHost });
  expect(awsProvider.cannotBecome(hidden("ops@old"), hidden("ops@new"))).toBeUndefined();
  expect(differs({ region: "us-east-1", workerSize: "m6i.xlarge" })).toContain("workerSize");
});

test("C2 who may reach the cluster: those named, else the caller, and never without the caller", () => {
  expect(allowedNetworks([], "203.0.113.7")).toEqual(["203.0.113.7/32"]);
  expect(allowedNetworks(["203.0.113.0/24"], "203.0.113.7")).toEqual(["203.0.113.0/24"]);
  expect(allowedNetworks(["192.0.2.0/24"], undefined)).toEqual(["192.0.2.0/24"]);
  const refused = expect.objectContaining({ code: "refused" }) as Error;
  expect(() => allowedNetworks(["192.0.2.0/24"], "203.0.113.7")).toThrow(refused);
});

test("C2 a dry run names every call and contacts nobody", () => {
  const spec = loadSpec({
    flags: {
      ...{ name: "dev", provider: "aws", workers: 2 },
      settings: { region: "us-east-1", spot: true, workerSize: "m6i.xlarge", image: undefined },
    },
    defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
  });
  const context = { spec, folder: "/folder", report: () => undefined };
  const lines = awsProvider.preview(context, wantedMachines(spec));
  expect(lines).toContain("ec2:CreateVpc dev-vpc 10.0.0.0/16, DNS names on");
  expect(lines).toContain(
    "ec2:RunInstances dev-master t3.large, 100 GB gp3 encrypted, IMDSv2 with hop limit 2",
  );
  expect(lines).toContain(
    "ec2:RunInstances dev-node-2 m6i.xlarge, spot, 100 GB gp3 encrypted, IMDSv2 with hop limit 1",
  );
  expect(lines).toContain("ec2:AuthorizeSecurityGroupIngress nodes 8472/udp from nodes");
  expect(lines.join("\n")).not.toContain("0.0.0.0/0 from");
});
