import type { Request } from "./answer.ts";
import type { Cloud, Properties } from "./cloud.ts";

export type Power = "running" | "stopped" | "deallocated";

/** What a machine is doing, as ARM tells it. */
export function instanceView(cloud: Cloud, id: string) {
  const power: Power = cloud.off.get(id.toLowerCase()) ?? "running";
  const status = (code: string, displayStatus: string) => ({ code, level: "Info", displayStatus });
  return {
    statuses: [
      status("ProvisioningState/succeeded", "Provisioning succeeded"),
      status(`PowerState/${power}`, `VM ${power}`),
    ],
  };
}

/** A resource as it is shown, with what `$expand` asks for. */
export function withPower(cloud: Cloud, whole: Properties, { query }: Request): Properties {
  if (!/instanceView/i.test(query.get("$expand") ?? "")) return whole;
  const instance = instanceView(cloud, String(whole["id"]));
  return { ...whole, properties: { ...(whole["properties"] as object), instanceView: instance } };
}
