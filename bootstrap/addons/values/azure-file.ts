import type { AddonInput, Values } from "#bootstrap/addons/addon";
import { azureDriver } from "#bootstrap/addons/values/azure-disk";

/** The driver of Azure's file shares; NFS needs no account key, and no packages on nodes. */
export function azureFileValues(input: AddonInput): Values {
  return {
    ...azureDriver(input),
    // It would install packages on nodes, for a way to mount that the class does not use.
    node: { azurefileProxy: { enabled: false } },
  };
}
