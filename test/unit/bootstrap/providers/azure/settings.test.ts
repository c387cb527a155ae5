import { expect, test } from "vitest";
import { stableUuid, tagsOf } from "#bootstrap/providers/azure/identity";
import { azureProvider } from "#bootstrap/providers/azure/provider";
import { wantedRules } from "#bootstrap/providers/azure/rules";
import { parseAzureSettings } from "#bootstrap/providers/azure/settings";
import { retiredSince } from "#bootstrap/providers/azure/sizes";
import { loadSpec } from "#bootstrap/spec/load";
import { wantedMachines } from "#bootstrap/spec/machines";

test("B1 B4 the settings' defaults are the original's", () => {
  expect(parseAzureSettings({})).toMatchObject({
    ...{ controlPlaneSize: "Standard_B4ms", workerSize: "Standard_B4ms", image: "Ubuntu2204" },
    ...{ osDiskSize: 100, vnetCIDR: "10.0.0.0/16", subnetCIDR: "10.0.0.0/24" },
    ...{ user: "azureuser", private: false, spot: false },
  });
  expect(parseAzureSettings({ vnetCIDR: "10.8.0.0/14" }).subnetCIDR).toBe("10.8.0.0/24");
  expect(parseAzureSettings({ vnetCIDR: "10.8.0.0/25" }).subnetCIDR).toBe("10.8.0.0/25");
});

test.each<[Record<string, unknown>, string]>([
  [{ regoin: "eastus" }, "settings.regoin"],
  [{ region: "East US" }, "settings.region"],
  [{ subscription: "mine" }, "settings.subscription"],
  [{ resourceGroup: "ends-with." }, "settings.resourceGroup"],
  [{ image: "Ubuntu1604" }, "settings.image"],
  [{ user: "root" }, "settings.user"],
  [{ osDiskSize: 10 }, "settings.osDiskSize"],
  [{ vnetCIDR: "10.0.0.0/4" }, "settings.vnetCIDR"],
  [{ subnetCIDR: "10.1.0.0/24" }, "settings.subnetCIDR"],
  [{ subnet: "my-subnet" }, "settings.subnet"],
  [{ zones: ["us-east-1a"] }, "settings.zones"],
  [{ allowCIDRs: ["0.0.0.0/0"] }, "settings.allowCIDRs"],
  [{ allowCIDRs: ["10.0.0.1/8"] }, "settings.allowCIDRs"],
  [{ jumpHost: "me@10.0.0.4" }, "settings.jumpHost"],
])("refuses the settings %j", (settings, named) => {
  expect(() => parseAzureSettings(settings)).toThrow(
    expect.objectContaining({
      code: "config",
      message: expect.stringContaining(named) as string,
    }) as Error,
  );
});

test("machines that are there cannot follow another region or size, but other callers", () => {
  const section = (settings: Record<string, unknown>) => ({ name: "azure", settings });
  const differs = (settings: Record<string, unknown>) =>
    azureProvider.cannotBecome(section({ region: "eastus" }), section(settings));
  expect(differs({ region: "eastus" })).toBeUndefined();
  expect(differs({ region: "eastus", allowCIDRs: ["10.0.0.0/8"] })).toBeUndefined();
  expect(differs({ region: "westeurope" })).toContain("region");
  expect(differs({ region: "eastus", workerSize: "Standard_D4s_v5" })).toContain("workerSize");
});

test("B3 tags name cluster, role and uid; role assignments have a name that stays", () => {
  const identity = { cluster: "dev", uid: "0a1b2c3d-1111-4222-8333-444444444444" };
  expect(tagsOf(identity, "worker")).toEqual({
    ...{ "clouder-cluster": "dev", "clouder-role": "worker", "clouder-uid": identity.uid },
  });
  const name = stableUuid(identity, "contributor");
  expect(name).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(stableUuid(identity, "contributor")).toBe(name);
  expect(stableUuid({ ...identity, uid: "other" }, "contributor")).not.toBe(name);
});

test("B5 no rule lets in the Internet, and priorities are unique", () => {
  const rules = wantedRules({ people: ["203.0.113.7/32"], ingress: true });
  expect(new Set(rules.map(({ priority }) => priority)).size).toBe(rules.length);
  for (const { from, access } of rules) {
    if (access === "Deny" || !("cidrs" in from)) continue;
    expect(from.cidrs).toEqual(["203.0.113.7/32"]);
  }
  expect(JSON.stringify(rules)).not.toMatch(/0\.0\.0\.0|Internet/);
});

test("B6 retired sizes are known, their successors are not among them", () => {
  expect(retiredSince("Standard_NC6s_v3")).toBe("2025-09-30");
  for (const size of ["Standard_NC4as_T4_v3", "Standard_NC24ads_A100_v4", "Standard_D4s_v5"]) {
    expect(retiredSince(size)).toBeUndefined();
  }
});

test("B1 B5 a dry run names every create and rule, and contacts nobody", () => {
  const spec = loadSpec({
    flags: {
      ...{ name: "dev", provider: "azure", workers: 2 },
      settings: { region: "eastus", spot: true, workerSize: "Standard_D4s_v5" },
    },
    defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
  });
  const context = { spec, folder: "/folder", report: () => undefined };
  const lines = azureProvider.preview(context, wantedMachines(spec));
  expect(lines).toContain("create the resource group dev-rg");
  expect(lines).toContain(
    "create the virtual network dev-vnet 10.0.0.0/16 with dev-subnet 10.0.0.0/24, no default way out",
  );
  expect(lines).toContain("rule 1000 AllowSSH: allow tcp 22 from this machine's address to all");
  expect(lines).toContain(
    "create the machine dev-node-2 Standard_D4s_v5, spot, 100 GB disk, trusted launch, deleted with its disk and interface",
  );
});
