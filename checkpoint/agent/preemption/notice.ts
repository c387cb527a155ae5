/** What a cloud says about the end of one of its machines. */
export interface PreemptionNotice {
  /** The same as long as the cloud gives the same notice. */
  readonly id: string;
  /** An interruption comes at `deadline`; a rebalance says that one is likelier than elsewhere. */
  readonly kind: "interruption" | "rebalance";
  /** The cloud's own word: terminate, stop, hibernate, Preempt. */
  readonly action: string;
  /** Milliseconds since the epoch. */
  readonly deadline?: number;
}

/** Where a machine hears of its own end. */
export interface NoticeSource {
  readonly cloud: string;
  readonly everyMs: number;
  /** All notices that stand now; rejects when the metadata service does not answer as it should. */
  poll(signal: AbortSignal): Promise<readonly PreemptionNotice[]>;
}

/**
 * Told all notices that stand, at first and whenever they change. It is called again with the same ones after
 * it has failed or the agent was started anew, so it has to be idempotent.
 */
export interface NoticeHook {
  readonly name: string;
  take(notices: readonly PreemptionNotice[]): Promise<void>;
}
