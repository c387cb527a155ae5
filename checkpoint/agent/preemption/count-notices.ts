import type { NoticeHook, PreemptionNotice } from "#checkpoint/agent/preemption/notice";

/** A hook that counts notices, and the counts as Prometheus reads them. */
export function countNotices(): NoticeHook & { readonly metrics: () => string } {
  const seen = new Map<string, PreemptionNotice["kind"]>();
  let standing: readonly PreemptionNotice[] = [];
  const count = (wanted: PreemptionNotice["kind"]) =>
    [...seen.values()].filter((kind) => kind === wanted).length;
  return {
    name: "count-notices",
    take: (notices) => {
      standing = notices;
      for (const { id, kind } of notices) seen.set(id, kind);
      return Promise.resolve();
    },
    metrics: () => {
      const deadlines = standing.flatMap(({ deadline }) => deadline ?? []);
      return [
        "# HELP clouder_preemption_notices_total Notices that the cloud gave this node.",
        "# TYPE clouder_preemption_notices_total counter",
        ...(["interruption", "rebalance"] as const).map(
          (kind) => `clouder_preemption_notices_total{kind="${kind}"} ${count(kind)}`,
        ),
        "# HELP clouder_preemption_deadline_seconds When the cloud takes this node away; 0: not known to.",
        "# TYPE clouder_preemption_deadline_seconds gauge",
        `clouder_preemption_deadline_seconds ${deadlines.length === 0 ? 0 : Math.min(...deadlines) / 1000}`,
        "",
      ].join("\n");
    },
  };
}
