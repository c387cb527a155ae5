/** What the controllers of a cloud are told of the cluster that they work for; no secrets. */
export type CloudFacts = AwsFacts | AzureFacts;

export interface AwsFacts {
  readonly cloud: "aws";
  readonly region: string;
  readonly vpc: string;
}

export interface AzureFacts {
  readonly cloud: "azure";
  /** Azure's own name of it: "AzurePublicCloud". */
  readonly environment: string;
  readonly tenant: string;
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly region: string;
  /** The virtual network may be somebody else's, in another group. */
  readonly network: { readonly group: string; readonly name: string; readonly subnet: string };
  readonly firewall: string;
  /** Resource id of the identity that the control planes have. */
  readonly identity: string;
  /** What everything of the cluster carries, so that its delete finds it. */
  readonly tags: Readonly<Record<string, string>>;
  /** The command that gives this identity the role that it lacks; absent where it has it. */
  readonly missingRole?: string;
}
