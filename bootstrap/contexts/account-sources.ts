import type { AccountSources } from "#bootstrap/contexts/contexts";
import type { Clock } from "#core/clock";
import type { Reporter } from "#core/report";

/** The clouds' own answers; each SDK is loaded when its cloud is asked. */
export function accountSources(context: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}): AccountSources {
  return {
    azure: async () => {
      const { azureSubscriptions } = await import("#bootstrap/providers/azure/account");
      return (await azureSubscriptions(context)).map(({ subscriptionId, displayName }) => ({
        id: subscriptionId,
        name: displayName,
      }));
    },
    aws: async () => {
      const { awsAccount } = await import("#bootstrap/providers/aws/account");
      const { account, arn } = await awsAccount(context);
      return [{ id: account, name: arn.split(":").at(-1) ?? account }];
    },
  };
}
