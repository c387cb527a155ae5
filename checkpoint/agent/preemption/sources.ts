import type { Clock } from "#core/clock";
import { awsNotices } from "#checkpoint/agent/preemption/aws";
import { azureNotices } from "#checkpoint/agent/preemption/azure";
import type { AskMetadata } from "#checkpoint/agent/preemption/metadata";
import type { NoticeSource } from "#checkpoint/agent/preemption/notice";

/** Where the machine behind a node's providerID hears of its end; undefined for machines of no cloud. */
export function noticeSource(
  providerID: string | undefined,
  ask: AskMetadata,
  clock: Clock,
): NoticeSource | undefined {
  if (providerID?.startsWith("aws://")) return awsNotices(ask, clock);
  const machine = azureMachine(providerID);
  return machine === undefined ? undefined : azureNotices(ask, clock, machine);
}

/** The name by which scheduled events call a machine; one of a scale set is "set_number". */
function azureMachine(providerID = ""): string | undefined {
  const [, set, name] =
    /^azure:\/\/.*?(?:\/virtualMachineScaleSets\/([^/]+))?\/virtualMachines\/([^/]+)$/i.exec(
      providerID,
    ) ?? [];
  if (name === undefined) return undefined;
  return set === undefined ? name : `${set}_${name}`;
}
