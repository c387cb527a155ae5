import type { CallResult } from "#webhook/server/figures";
import type { Trouble } from "#webhook/server/troubles";

/** What `/admin/status` of one replica answers. Names, times and counts: the port is open to all pods. */
export interface WebhookStatus {
  readonly version: string;
  readonly pod: string;
  readonly startedAt: string;
  readonly ready: boolean;
  /** Why it is not ready; empty when it is. */
  readonly notReady: readonly string[];
  readonly certificate: {
    readonly source: string;
    readonly notBefore: string;
    readonly notAfter: string;
    readonly serialNumber: string;
    readonly names: readonly string[];
    readonly fingerprint: string;
  };
  readonly calls: Readonly<Partial<Record<CallResult, number>>>;
  /** Of the last minutes, in milliseconds; absent without calls. */
  readonly latency: { readonly p50?: number; readonly p99?: number };
  readonly underWay: number;
  readonly connections: number;
  readonly watches: {
    readonly synced: boolean;
    readonly waitingFor: readonly string[];
    readonly stalenessMs: number;
    readonly restarts: number;
  };
  readonly accessReviews: number;
  readonly liveReads: number;
  readonly eventsDropped: number;
  readonly residentBytes: number;
  readonly lastErrors: readonly Trouble[];
}
