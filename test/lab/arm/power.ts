import { ok, type Answer, type Request } from "./answer.ts";
import type { Cloud } from "./cloud.ts";
import { instanceView, type Power } from "./instance-view.ts";
import { existing, following, refuseBusy, type Target } from "./resources.ts";

/** What an action leaves a machine in. */
const actions: Readonly<Record<string, Power>> = {
  start: "running",
  restart: "running",
  poweroff: "stopped",
  deallocate: "deallocated",
};

/** Answers the calls that switch a machine on and off, and the one that asks whether it is. */
export function powerAnswer(cloud: Cloud, target: Target, request: Request): Answer | undefined {
  if (target.type.toLowerCase() !== "microsoft.compute/virtualmachines") return undefined;
  const action = target.child?.type.toLowerCase() ?? "";
  const power = actions[action];
  if (request.method === "GET" && action === "instanceview") {
    const { id } = existing(cloud, target);
    return ok(instanceView(cloud, id));
  }
  if (request.method !== "POST" || power === undefined) return undefined;
  const stored = existing(cloud, target);
  refuseBusy(cloud, stored);
  const id = stored.id.toLowerCase();
  const operation = cloud.begin(stored, "put", () => {
    if (power === "running") cloud.off.delete(id);
    else cloud.off.set(id, power);
  });
  return { status: 202, headers: following(request, operation) };
}
