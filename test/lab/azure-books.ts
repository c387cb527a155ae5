import { childrenOf, type Cloud, type Properties, type Stored } from "#test/lab/arm/cloud";
import type { BalancerView } from "#test/lab/cloud-balancers";
import type { Targets } from "#test/lab/cloud-forwarder";
import type { CloudMachine } from "#test/lab/cloud-machines";

/** A virtual machine with what a machine of this host is made from. */
export interface BookedMachine extends CloudMachine {
  readonly powered: boolean;
}

const idIn = (value: unknown): string => (value as { id?: string } | undefined)?.id ?? "";
const inner = (value: Properties | undefined): Properties =>
  (value?.["properties"] ?? {}) as Properties;
const text = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;
const ofType = (cloud: Cloud, type: string): readonly Stored[] =>
  [...cloud.things.values()].filter((one) => one.type.toLowerCase() === type.toLowerCase());

interface VirtualMachine {
  readonly osProfile: {
    readonly computerName: string;
    readonly adminUsername: string;
    readonly customData?: string;
    readonly linuxConfiguration: {
      readonly ssh: { readonly publicKeys: readonly { readonly keyData: string }[] };
    };
  };
  readonly networkProfile: { readonly networkInterfaces: readonly { readonly id: string }[] };
}

/** The virtual machines that there are. */
export function machinesIn(cloud: Cloud): readonly BookedMachine[] {
  return ofType(cloud, "Microsoft.Compute/virtualMachines").map((stored) => {
    const { osProfile, networkProfile } = stored.properties as unknown as VirtualMachine;
    const [nic] = networkProfile.networkInterfaces;
    const [first] = childrenOf(cloud.find(idIn(nic)), "ipConfigurations");
    const outside = cloud.find(idIn(inner(first)["publicIPAddress"]));
    const publicAddress = text(outside?.properties["ipAddress"]);
    const [key] = osProfile.linuxConfiguration.ssh.publicKeys;
    const { computerName: name, adminUsername: user, customData } = osProfile;
    return {
      ...{ name, user, publicKey: key?.keyData ?? "", powered: !cloud.off.has(keyOf(stored.id)) },
      privateAddress: text(inner(first)["privateIPAddress"]) ?? "",
      ...(publicAddress !== undefined && { publicAddress }),
      ...(customData !== undefined && {
        userData: Buffer.from(customData, "base64").toString(),
      }),
    };
  });
}

const keyOf = (id: string): string => id.toLowerCase();

/** The frontends of load balancers that have rules, each with its address. */
export function balancersIn(cloud: Cloud): readonly BalancerView[] {
  return ofType(cloud, "Microsoft.Network/loadBalancers").flatMap((balancer) =>
    childrenOf(balancer, "frontendIPConfigurations").map((frontend) => {
      const id = String(frontend["id"]);
      const outside = cloud.find(idIn(inner(frontend)["publicIPAddress"]));
      const inside = text(inner(frontend)["privateIPAddress"]);
      const rules = childrenOf(balancer, "loadBalancingRules")
        .map(inner)
        .filter((rule) => keyOf(idIn(rule["frontendIPConfiguration"])) === keyOf(id));
      return {
        id,
        address: inside ?? text(outside?.properties["ipAddress"]) ?? "",
        listeners: new Map(
          rules.map((rule) => [Number(rule["frontendPort"]), targetsOf(cloud, rule)]),
        ),
      };
    }),
  );
}

function targetsOf(cloud: Cloud, rule: Properties): Targets {
  const probe = inner(cloud.child(idIn(rule["probe"])));
  if (probe["protocol"] !== "Https") throw new Error("the lab's load balancers probe over https");
  return {
    addresses: addressesIn(cloud, idIn(rule["backendAddressPool"])),
    port: Number(rule["backendPort"]),
    probe: { port: Number(probe["port"]), path: String(probe["requestPath"]) },
    // That is why none leads a machine back to itself.
    keepsCaller: true,
  };
}

/** Private addresses of the interfaces that are in a pool. */
function addressesIn(cloud: Cloud, pool: string): readonly string[] {
  return ofType(cloud, "Microsoft.Network/networkInterfaces")
    .flatMap((nic) => childrenOf(nic, "ipConfigurations").map(inner))
    .filter((one) =>
      ((one["loadBalancerBackendAddressPools"] ?? []) as Properties[]).some(
        (joined) => keyOf(idIn(joined)) === keyOf(pool),
      ),
    )
    .flatMap((one) => text(one["privateIPAddress"]) ?? []);
}
