import type { Cloud, Properties, Stored } from "./cloud.ts";
import type { Kind } from "./kinds.ts";
import { Refusal } from "./refusal.ts";
import { computeShapes, identityShape } from "./shapes-compute.ts";
import { images, skus } from "./catalog.ts";

const shapeOf = (type: string) => computeShapes[type] ?? "any";
const part = (from: Properties, ...path: readonly string[]): Properties =>
  path.reduce((value, name) => (value[name] ?? {}) as Properties, from);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const nics = (vm: Stored): Properties[] =>
  (part(vm.properties, "networkProfile")["networkInterfaces"] ?? []) as Properties[];

/** The disk that Azure makes of an image; it carries no tags. */
function makeDisk(cloud: Cloud, vm: Stored): void {
  const disk = part(vm.properties, "storageProfile", "osDisk");
  const group = vm.id.replace(/\/providers\/.*$/, "");
  const name = text(disk["name"]) || `${vm.name}_OsDisk_1`;
  const id = `${group}/providers/Microsoft.Compute/disks/${name}`;
  const known = cloud.find(id);
  if (known && text(known.extra["managedBy"]).toLowerCase() !== vm.id.toLowerCase()) {
    throw new Refusal(
      409,
      "ConflictingUserInput",
      `Disk ${name} already exists in resource group. Only CreateOption.Attach is supported.`,
    );
  }
  disk["managedDisk"] = { ...part(disk, "managedDisk"), id };
  if (known) return;
  cloud.things.set(id.toLowerCase(), {
    ...{ id, name, type: "Microsoft.Compute/disks", etag: "" },
    ...(vm.location !== undefined && { location: vm.location }),
    extra: { managedBy: vm.id, sku: { name: part(disk, "managedDisk")["storageAccountType"] } },
    properties: {
      diskSizeGB: disk["diskSizeGB"],
      creationData: { createOption: "FromImage" },
      diskState: "Attached",
      provisioningState: "Succeeded",
    },
  });
}

function checkSize(stored: Stored): void {
  const size = text(part(stored.properties, "hardwareProfile")["vmSize"]);
  const sku = skus.find(
    ({ name, locations }) => name === size && locations.includes(stored.location ?? ""),
  );
  if (!sku || sku.restrictions?.some(({ type }) => type === "Location")) {
    throw new Refusal(
      409,
      "SkuNotAvailable",
      `The requested size ${size} is currently not available in ${stored.location ?? ""}.`,
    );
  }
  const zone = (stored.extra["zones"] as string[] | undefined)?.[0];
  if (zone !== undefined && !sku.zones.includes(zone)) {
    throw new Refusal(400, "InvalidAvailabilityZone", `The zone ${zone} does not offer ${size}.`);
  }
}

function checkTogether(stored: Stored): void {
  const { properties, extra } = stored;
  const spot = properties["priority"] === "Spot";
  const together = (wrong: boolean, message: string) => {
    if (wrong) throw new Refusal(409, "OperationNotAllowed", message);
  };
  const set = properties["availabilitySet"] !== undefined;
  together(set && extra["zones"] !== undefined, "Availability set and zone exclude each other.");
  together(set && spot, "Spot machines cannot be in an availability set.");
  together(
    !spot && properties["evictionPolicy"] !== undefined,
    "Eviction policy can be set only on Spot machines.",
  );
  const linux = part(properties, "osProfile", "linuxConfiguration");
  if (
    linux["disablePasswordAuthentication"] !== true ||
    part(linux, "ssh")["publicKeys"] === undefined
  ) {
    throw new Refusal(
      400,
      "InvalidParameter",
      "Authentication using either SSH or by user name and password must be enabled in Linux profile.",
    );
  }
}

function checkImage(stored: Stored): void {
  const image = part(stored.properties, "storageProfile", "imageReference");
  const found = images.find(
    ({ publisher, offer, sku }) =>
      publisher === image["publisher"] && offer === image["offer"] && sku === image["sku"],
  );
  if (!found?.versions.includes(text(image["version"]))) {
    throw new Refusal(
      404,
      "PlatformImageNotFound",
      `The platform image '${text(image["publisher"])}:${text(image["offer"])}:${text(image["sku"])}:${text(image["version"])}' is not available.`,
    );
  }
}

/** What cannot change once a machine is there. */
const lasting = [
  ["hardwareProfile", "vmSize"],
  ["osProfile", "adminUsername"],
  ["osProfile", "customData"],
  ["storageProfile", "imageReference"],
  ["availabilitySet"],
] as const;

function checkChange(stored: Stored, before: Stored | undefined): void {
  if (!before) return;
  for (const path of lasting.slice(1)) {
    const [was, is] = [before, stored].map((one) => JSON.stringify(part(one.properties, ...path)));
    if (was !== is) {
      throw new Refusal(
        409,
        "PropertyChangeNotAllowed",
        `Changing property '${path.join(".")}' is not allowed.`,
      );
    }
  }
}

/** How the fake treats Microsoft.Compute and Microsoft.ManagedIdentity. */
export const computeKinds: Readonly<Record<string, Kind>> = {
  "Microsoft.Compute/virtualMachines": {
    shape: shapeOf("virtualMachines"),
    slow: true,
    onPut: (cloud, stored, before) => {
      checkSize(stored);
      checkTogether(stored);
      checkImage(stored);
      checkChange(stored, before);
      for (const nic of nics(stored)) {
        const user = cloud
          .usersOf(text(nic["id"]))
          .find(({ id, type }) => id !== stored.id && type === stored.type);
        if (user)
          throw new Refusal(
            400,
            "NicInUse",
            `Network Interface ${text(nic["id"])} is used by ${user.id}.`,
          );
      }
      makeDisk(cloud, stored);
      stored.properties["vmId"] = before?.properties["vmId"] ?? `vm-${cloud.next()}`;
      return undefined;
    },
    onRemove: (cloud, stored) => {
      cloud.off.delete(stored.id.toLowerCase());
      const disk = part(stored.properties, "storageProfile", "osDisk");
      const kept = cloud.find(text(part(disk, "managedDisk")["id"]));
      if (disk["deleteOption"] === "Delete") {
        cloud.things.delete(text(part(disk, "managedDisk")["id"]).toLowerCase());
      } else if (kept) delete kept.extra["managedBy"];
      for (const one of nics(stored)) {
        if (part(one, "properties")["deleteOption"] !== "Delete") continue;
        const nic = cloud.find(text(one["id"]));
        cloud.things.delete(text(one["id"]).toLowerCase());
        if (nic) removeNicAddresses(cloud, nic);
      }
    },
  },
  "Microsoft.Compute/disks": {
    shape: shapeOf("disks"),
    slow: true,
    inUse: [409, "OperationNotAllowed"],
  },
  "Microsoft.Compute/availabilitySets": {
    shape: shapeOf("availabilitySets"),
    ...{ slow: false, stateless: true },
    inUse: [409, "OperationNotAllowed"],
  },
  "Microsoft.ManagedIdentity/userAssignedIdentities": {
    shape: identityShape,
    ...{ slow: false, stateless: true },
    onPut: (cloud, stored, before) => {
      const uuid = (start: string) =>
        `${start}-0000-4000-8000-${String(cloud.next()).padStart(12, "0")}`;
      Object.assign(stored.properties, {
        tenantId: before?.properties["tenantId"] ?? "11111111-1111-4111-8111-111111111111",
        principalId: before?.properties["principalId"] ?? uuid("aaaaaaaa"),
        clientId: before?.properties["clientId"] ?? uuid("bbbbbbbb"),
      });
      return undefined;
    },
  },
};

function removeNicAddresses(cloud: Cloud, nic: Stored): void {
  for (const one of (nic.properties["ipConfigurations"] ?? []) as Properties[]) {
    const address = part(one, "properties", "publicIPAddress");
    if (part(address, "properties")["deleteOption"] === "Delete") {
      cloud.things.delete(text(address["id"]).toLowerCase());
    }
  }
}
