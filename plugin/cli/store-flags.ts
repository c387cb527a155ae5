import { string as argument } from "@oclif/core/args";
import { parseLocation } from "#checkpoint/stores/location";
import { ClouderError } from "#core/error";
import { type Check, checked, isHttpUrl, isObjectName } from "#plugin/cli/checks";
import { boolean, string } from "#plugin/cli/flags";

/** Where to look in a store directly; how its URL is reached where a plain one does not do. */
export const storeFlags = {
  store: checked(
    string({ description: "look into this store: a CheckpointStore's name, or a URL" }),
    (value, name) => {
      if (value.includes("://")) parseLocation(value);
      else isObjectName(value, name);
    },
  ),
  endpoint: checked(
    string({
      description: "with a URL: address of the S3 or Blob service",
      dependsOn: ["store"],
    }),
    isHttpUrl,
  ),
  region: string({ description: "with an s3:// URL: region of the bucket", dependsOn: ["store"] }),
  "path-style": boolean({
    description: "with an s3:// URL: bucket in the path, not in the host",
    dependsOn: ["store"],
  }),
};

/** The URL of a new store. */
export const urlArgument = checked(
  argument({ description: "s3://…, azblob://…, az://… or file:///…", required: true }),
  (value) => {
    parseLocation(value);
  },
);

const isAccount: Check = (value, name) => {
  if (/^[a-z0-9]{3,24}$/.test(value)) return;
  throw new ClouderError("usage", `${name} "${value}" is no name of a storage account`, {
    hint: "use 3 to 24 small letters and digits",
  });
};

/** Flags of `store create`. */
export const newStoreFlags = {
  account: checked(string({ description: "storage account of an az:// URL" }), isAccount),
  endpoint: checked(string({ description: "address of the S3 or Blob service" }), isHttpUrl),
  region: string({ description: "region of the bucket" }),
  "path-style": boolean({ description: "bucket in the path, not in the host" }),
  "kms-key-id": string({ description: "key for SSE-KMS" }),
  "credentials-from": string({ description: "env, a file, or - for standard input" }),
  default: boolean({ description: "use it for checkpoints that name no store" }),
};
