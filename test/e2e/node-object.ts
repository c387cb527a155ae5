/** What tests read of a node. */
export interface NodeObject {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly status: {
    readonly addresses: readonly { readonly type: string; readonly address: string }[];
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
}

/** Its address inside of the cluster. */
export function addressOf({ status }: NodeObject): string | undefined {
  return status.addresses.find(({ type }) => type === "InternalIP")?.address;
}

/** Status of its condition Ready. */
export function readiness({ status }: NodeObject): string | undefined {
  return status.conditions.find(({ type }) => type === "Ready")?.status;
}
