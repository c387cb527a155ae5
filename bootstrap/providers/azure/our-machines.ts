import { isOurs, tagKeys } from "./identity.ts";
import { kinds, type Kind, type Thing } from "./kinds.ts";
import { isReady } from "./part.ts";
import type { AzureSettings } from "./settings.ts";
import { thingsOf, type Known, type Workplace } from "./site.ts";
import { accessTo } from "#bootstrap/providers/machine-access";
import type { Machine, ProviderContext } from "#bootstrap/providers/provider";

/** The cluster's machines that are ready, as the rest of the program sees them. */
export async function ourMachines(
  context: ProviderContext,
  place: Workplace,
): Promise<readonly Machine[]> {
  const list = async <T extends Thing>(kind: Kind<T>) =>
    (await thingsOf(place, kind)).filter(({ tags }) => isOurs(place.identity, tags));
  const machines = await list(kinds.machine);
  if (machines.length === 0) return [];
  const nics = await list(kinds.nic);
  const addresses = await list(kinds.address);
  return machines
    .filter(isReady)
    .map((one) => {
      const nic = nics.find(({ name }) => name === `${one.name}-nic`);
      const [first] = nic?.ipConfigurations ?? [];
      const id = first?.publicIPAddress?.id?.toLowerCase();
      const address = addresses.find((other) => other.id.toLowerCase() === id);
      return machineOf(context, place.settings, one, {
        private: first?.privateIPAddress ?? "",
        public: address?.ipAddress,
      });
    })
    .filter(({ privateAddress }) => privateAddress !== "")
    .sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
}

function machineOf(
  context: ProviderContext,
  settings: AzureSettings,
  { id, name, tags }: Known,
  address: { readonly private: string; readonly public: string | undefined },
): Machine {
  const role = tags?.[tagKeys.role];
  return {
    name,
    role: role === "control-plane" ? role : "worker",
    pool: tags?.[tagKeys.pool] ?? "",
    privateAddress: address.private,
    ...(address.public !== undefined && { publicAddress: address.public }),
    providerID: `azure://${id}`,
    reach: accessTo(context, settings, {
      host: address.public ?? address.private,
      user: settings.user,
    }),
  };
}
