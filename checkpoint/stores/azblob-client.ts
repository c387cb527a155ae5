import {
  BlobServiceClient,
  StorageRetryPolicyType,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import type { ContainerClient, StoragePipelineOptions } from "@azure/storage-blob";
import { ClouderError } from "#core/error";
import type { StoreLocation } from "#checkpoint/stores/location";
import type { StoreSettings } from "#checkpoint/stores/store";

type AzblobLocation = Extract<StoreLocation, { scheme: "azblob" }>;

const options: StoragePipelineOptions = {
  retryOptions: {
    retryPolicyType: StorageRetryPolicyType.EXPONENTIAL,
    maxTries: 4,
    retryDelayInMs: 500,
    maxRetryDelayInMs: 8_000,
  },
};

/**
 * A client for the location's container. Connection string, shared access signature or account
 * key when the settings hold one; otherwise the identity that the SDK finds.
 */
export async function createContainerClient(
  location: AzblobLocation,
  settings: StoreSettings,
): Promise<ContainerClient> {
  const { connectionString, sasToken, accountKey } = settings.credentials ?? {};
  const named = location.account ?? settings.azblob?.account;
  if (connectionString) {
    const service = fromConnectionString(connectionString);
    if (named !== undefined && service.accountName !== named) {
      throw new ClouderError("config", `the connection string is not of account "${named}"`, {
        hint: "correct the store's URL, its account or its Secret",
      });
    }
    return service.getContainerClient(location.container);
  }
  const { url, account } = serviceOf(named, settings);
  if (sasToken) {
    const token = sasToken.replace(/^\?/, "");
    return new BlobServiceClient(`${url}?${token}`, undefined, options).getContainerClient(
      location.container,
    );
  }
  const credential = accountKey
    ? sharedKey(account, accountKey)
    : new (await import("@azure/identity")).DefaultAzureCredential();
  return new BlobServiceClient(url, credential, options).getContainerClient(location.container);
}

function fromConnectionString(text: string): BlobServiceClient {
  try {
    return BlobServiceClient.fromConnectionString(text, options);
  } catch {
    // The SDK's message may quote the string, which is a secret.
    throw new ClouderError("config", "the Azure connection string is not valid", {
      hint: "copy it again from the storage account's access keys",
    });
  }
}

function sharedKey(account: string, key: string): StorageSharedKeyCredential {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key)) {
    throw new ClouderError("config", "the Azure account key is not base64");
  }
  return new StorageSharedKeyCredential(account, key);
}

/** Service URL and account: the endpoint may name both for `az://container`. */
function serviceOf(
  named: string | undefined,
  settings: StoreSettings,
): { readonly url: string; readonly account: string } {
  const endpoint = settings.azblob?.endpoint;
  const given = named ?? settings.credentials?.["accountName"];
  if (endpoint === undefined) {
    if (given === undefined) {
      throw new ClouderError("config", "the store's URL names no Azure storage account", {
        hint: "use azblob://account/container/prefix, or set the account of the store (--account), a connection string or an endpoint",
      });
    }
    return { url: `https://${given}.blob.core.windows.net`, account: given };
  }
  const url = serviceURL(endpoint);
  // Emulators have the account in the path, Azure has it in the host name.
  const inPath = url.pathname.split("/").find((segment) => segment !== "");
  const account = given ?? inPath ?? url.hostname.split(".")[0] ?? "";
  return { url: endpoint.replace(/\/+$/, ""), account };
}

function serviceURL(endpoint: string): URL {
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "") {
    throw new ClouderError("config", "the Azure Blob endpoint is no http or https URL", {
      hint: "use for example https://account.blob.core.windows.net",
    });
  }
  return url;
}
