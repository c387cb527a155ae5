import type { AuthorizationManagementClient } from "@azure/arm-authorization";
import type { ComputeManagementClient } from "@azure/arm-compute";
import type { ManagedServiceIdentityClient } from "@azure/arm-msi";
import type { NetworkManagementClient } from "@azure/arm-network";
import type { ResourceManagementClient } from "@azure/arm-resources";
import type { SubscriptionClient } from "@azure/arm-resources-subscriptions";
import type { TokenCredential } from "@azure/identity";
import { boundedPolicy } from "./bounded-policy.ts";

/** Clients of one subscription; the first use of one loads its SDK. */
export interface Clients {
  readonly compute: () => Promise<ComputeManagementClient>;
  readonly network: () => Promise<NetworkManagementClient>;
  readonly resources: () => Promise<ResourceManagementClient>;
  readonly identities: () => Promise<ManagedServiceIdentityClient>;
  readonly authorization: () => Promise<AuthorizationManagementClient>;
}

/** Waits of the SDKs, which know no clock but the machine's. */
export interface Pace {
  /** Before a failed request is sent again for the first time; doubles each time. */
  readonly retryMs: number;
  /** Between two looks at what takes time, unless Azure says otherwise. */
  readonly pollMs: number;
}

/** How clients get to Azure Resource Manager, and as whom. */
export interface Way {
  readonly endpoint: string;
  readonly credential: TokenCredential;
  readonly pace: Pace;
}

/** Requests that the SDKs send again when a network or a server fails for a moment, or throttles. */
const retries = 4;

function optionsOf({ endpoint, pace }: Way) {
  const scope = `${endpoint}/.default`;
  return {
    endpoint,
    // The older and the newer SDKs' words for the same.
    ...{ credentialScopes: scope, credentials: { scopes: [scope] } },
    userAgentOptions: { userAgentPrefix: "kubectl-clouder" },
    retryOptions: { maxRetries: retries, retryDelayInMs: pace.retryMs, maxRetryDelayInMs: 15_000 },
    additionalPolicies: [{ policy: boundedPolicy(endpoint), position: "perRetry" as const }],
  };
}

/** Clients of a subscription. */
export function openClients(way: Way, subscription: string): Clients {
  const { credential } = way;
  const options = optionsOf(way);
  return {
    compute: once(async () => {
      const { ComputeManagementClient } = await import("@azure/arm-compute");
      return new ComputeManagementClient(credential, subscription, options);
    }),
    network: once(async () => {
      const { NetworkManagementClient } = await import("@azure/arm-network");
      return new NetworkManagementClient(credential, subscription, options);
    }),
    resources: once(async () => {
      const { ResourceManagementClient } = await import("@azure/arm-resources");
      return new ResourceManagementClient(credential, subscription, options);
    }),
    identities: once(async () => {
      const { ManagedServiceIdentityClient } = await import("@azure/arm-msi");
      return new ManagedServiceIdentityClient(credential, subscription, options);
    }),
    authorization: once(async () => {
      const { AuthorizationManagementClient } = await import("@azure/arm-authorization");
      return new AuthorizationManagementClient(credential, subscription, options);
    }),
  };
}

/** The client that knows which subscriptions there are. */
export function subscriptionClient(way: Way): () => Promise<SubscriptionClient> {
  return once(async () => {
    const { SubscriptionClient } = await import("@azure/arm-resources-subscriptions");
    return new SubscriptionClient(way.credential, optionsOf(way));
  });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
