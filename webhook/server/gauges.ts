import type { BodyRoom } from "#webhook/server/body-room";
import type { Calls } from "#webhook/server/calls";
import type { Gauge } from "#webhook/server/figures";
import type { OwnerEvents } from "#webhook/server/owner-events";
import type { WorldState } from "#webhook/server/run-webhook";
import type { ServingCertificate } from "#webhook/server/serving-certificate";

/** Metrics that are read off the parts when they are asked for. */
export function stateGauges(parts: {
  readonly serving: ServingCertificate;
  readonly calls: Calls;
  readonly room: BodyRoom;
  readonly world: WorldState;
  readonly events: OwnerEvents;
}): readonly Gauge[] {
  const { serving, calls, room, world, events } = parts;
  const counter = true;
  return [
    {
      name: "certificate_expiry_timestamp_seconds",
      help: "End of the serving certificate.",
      read: () => serving.facts().notAfter / 1000,
    },
    { name: "requests_in_flight", help: "Calls under way.", read: () => calls.underWay },
    { name: "body_bytes", help: "Bytes of bodies under way.", read: () => room.held },
    {
      name: "watch_staleness_seconds",
      help: "Since the API server was last heard on the watch that is worst off.",
      read: () => world.staleness() / 1000,
    },
    { name: "caches_synced", help: "1 when all was listed.", read: () => Number(world.synced()) },
    {
      name: "watch_restarts_total",
      help: "Watches that were begun anew.",
      counter,
      read: () => world.counts().watchRestarts,
    },
    {
      name: "access_reviews_total",
      help: "SubjectAccessReviews that no cache could answer.",
      counter,
      read: () => world.counts().accessReviews,
    },
    {
      name: "live_reads_total",
      help: "Namespaces and ServiceAccounts that no cache knew yet.",
      counter,
      read: () => world.counts().liveReads,
    },
    {
      name: "events_dropped_total",
      help: "Events that were left out because there were too many.",
      counter,
      read: () => events.dropped,
    },
  ];
}

/** The usual figures of a process, under their usual names. */
export function processGauges(): readonly Gauge[] {
  return [
    {
      name: "process_resident_memory_bytes",
      help: "Resident memory.",
      read: () => process.memoryUsage.rss(),
    },
    {
      name: "process_cpu_seconds_total",
      help: "User and system time.",
      counter: true,
      read: () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1e6;
      },
    },
  ];
}
