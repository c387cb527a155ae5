import { createRequire } from "node:module";
import { join } from "node:path";
import { freePort, startServer, type ServerHandle } from "./server-process.ts";

export interface AzuriteOptions {
  /** An IP address of this host. */
  readonly address: string;
  /** A free one when it is not given. */
  readonly port?: number;
  readonly folder: string;
  readonly account: string;
  /** Base64, as Azure's account keys are. */
  readonly key: string;
}

/** Starts Azurite's blob server and waits until it answers; `connectionString` fits its account. */
export async function startAzurite(
  options: AzuriteOptions,
): Promise<ServerHandle & { readonly connectionString: string }> {
  const host = options.address;
  const port = options.port ?? (await freePort(host));
  const endpoint = `http://${host}:${port}`;
  const server = await startServer({
    argv: [
      process.execPath,
      join(azuriteFolder(), "dist/src/blob/main.js"),
      ...["--blobHost", host, "--blobPort", String(port), "--location", options.folder],
      ...["--silent", "--disableTelemetry", "--skipApiVersionCheck"],
    ],
    environment: { AZURITE_ACCOUNTS: `${options.account}:${options.key}` },
    endpoint,
  });
  const connectionString = [
    "DefaultEndpointsProtocol=http",
    `AccountName=${options.account}`,
    `AccountKey=${options.key}`,
    `BlobEndpoint=${endpoint}/${options.account}`,
  ].join(";");
  return { ...server, connectionString };
}

function azuriteFolder(): string {
  const manifest = createRequire(import.meta.url).resolve("azurite/package.json");
  return join(manifest, "..");
}
