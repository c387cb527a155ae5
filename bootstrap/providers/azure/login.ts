import {
  ClientSecretCredential,
  DefaultAzureCredential,
  type AccessToken,
  type TokenCredential,
} from "@azure/identity";
import { loginError } from "./azure-error.ts";
import type { AzureConfiguration } from "./configuration.ts";
import type { Clock } from "#core/clock";

type Environment = Readonly<Record<string, string | undefined>>;

/** Clouds whose logins know each other; of others nothing is to be discovered. */
const known = /(^|\.)(microsoftonline\.(com|us)|chinacloudapi\.cn)$/;
const ahead = 5 * 60_000;

/**
 * The service principal of the configuration, else the chain of DefaultAzureCredential: certificate,
 * workload and managed identity, `az login`. One token serves all clients.
 */
export function openLogin(
  configuration: AzureConfiguration,
  environment: Environment,
  clock: Clock,
): TokenCredential {
  const credential = credentialOf(configuration, environment);
  let last: AccessToken | undefined;
  return {
    getToken: async (scopes, options) => {
      const again = options?.claims !== undefined;
      if (!again && last && last.expiresOnTimestamp - clock.now() > ahead) return last;
      try {
        last = (await credential.getToken(scopes, options)) ?? undefined;
      } catch (error) {
        throw loginError(error);
      }
      if (last === undefined) throw loginError(new Error("no token was given"));
      return last;
    },
  };
}

function credentialOf(
  { tenant, client, secret }: AzureConfiguration,
  environment: Environment,
): TokenCredential {
  const host = environment["AZURE_AUTHORITY_HOST"];
  const authority = {
    ...(host !== undefined && { authorityHost: host }),
    ...(host !== undefined && !known.test(hostName(host)) && { disableInstanceDiscovery: true }),
  };
  if (tenant !== undefined && client !== undefined && secret !== undefined) {
    return new ClientSecretCredential(tenant, client, secret, authority);
  }
  return new DefaultAzureCredential({
    ...authority,
    ...(tenant !== undefined && { tenantId: tenant }),
  });
}

function hostName(address: string): string {
  return URL.parse(address)?.hostname ?? address;
}
