import type { Registry } from "#core/registry";
import type { StoreLocation } from "#checkpoint/stores/location";
import type { StoreDriver } from "#checkpoint/stores/store";

/** Scheme to driver. A new store is one file and one line. */
export const storeDrivers = {
  file: {
    title: "a folder on the node or a mounted share",
    load: async () => (await import("#checkpoint/stores/file")).fileDriver,
  },
  s3: {
    title: "Amazon S3 and compatible stores",
    load: async () => (await import("#checkpoint/stores/s3")).s3Driver,
  },
  azblob: {
    title: "Azure Blob Storage",
    load: async () => (await import("#checkpoint/stores/azblob")).azblobDriver,
  },
} satisfies Registry<StoreDriver> & Record<StoreLocation["scheme"], unknown>;
