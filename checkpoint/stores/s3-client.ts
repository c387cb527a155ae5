import { S3Client } from "@aws-sdk/client-s3";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { ClouderError } from "#core/error";
import type { StoreSettings } from "#checkpoint/stores/store";

/** A client for the settings; what they leave open comes from the SDK's own chain. */
export function createS3Client(settings: StoreSettings): S3Client {
  const { endpoint, region, forcePathStyle } = settings.s3 ?? {};
  const host = endpoint === undefined ? undefined : hostOf(endpoint);
  // Other servers need a region only for the signature.
  const signedFor = region ?? (host === undefined ? undefined : (regionOf(host) ?? "us-east-1"));
  const credentials = credentialsOf(settings.credentials);
  const config: S3ClientConfig = {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(signedFor === undefined ? {} : { region: signedFor }),
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle: forcePathStyle ?? (host !== undefined && !isAmazon(host)),
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 60_000 },
    // We give our own checksums with every upload and verify all we read by digests of our own.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  };
  const client = new S3Client(config);
  // The parts' checksums guard the way, the index's digests the content: hashing every body once
  // more for the signature would cost as much as a third of the compression.
  client.middlewareStack.add(
    (next, context) => (args) => {
      const { request } = args as { request?: { headers?: Record<string, string> } };
      if (uploads.has(context.commandName ?? "") && request?.headers) {
        request.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
      }
      return next(args);
    },
    { step: "build", name: "unsignedPayload" },
  );
  return client;
}

const uploads = new Set(["PutObjectCommand", "UploadPartCommand"]);

function credentialsOf(keys: Readonly<Record<string, string>> | undefined) {
  if (keys === undefined) return undefined;
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  if (!accessKeyId || !secretAccessKey) {
    throw new ClouderError("config", "S3 credentials need accessKeyId and secretAccessKey", {
      hint: "put both keys into the store's Secret",
    });
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

function hostOf(endpoint: string): string {
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "") {
    throw new ClouderError("config", "the S3 endpoint is no http or https URL", {
      hint: "use for example https://s3.us-west-2.amazonaws.com",
    });
  }
  return url.hostname;
}

function isAmazon(host: string): boolean {
  return /(^|\.)amazonaws\.com(\.cn)?$/.test(host);
}

/** `us-west-2` out of `s3.us-west-2.amazonaws.com`. */
function regionOf(host: string): string | undefined {
  return /(?:^|\.)s3[.-](?:dualstack\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com/.exec(host)?.[1];
}
