import { spawn } from "node:child_process";
import { S3Client } from "@aws-sdk/client-s3";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { CompletedPart } from "@aws-sdk/client-s3";

/** The peer: `zstd -1 -T0 FILE` into a minimal uploader, four parts of 8 MiB at once, no checksums. */

const [endpoint = "", source = ""] = process.argv.slice(2);
const client = new S3Client({
  endpoint,
  region: "us-east-1",
  forcePathStyle: true,
  requestChecksumCalculation: "WHEN_REQUIRED",
  credentials: {
    accessKeyId: process.env["BENCH_ACCESS_KEY"] ?? "",
    secretAccessKey: process.env["BENCH_SECRET_KEY"] ?? "",
  },
});
client.middlewareStack.add(
  (next) => (args) => {
    const { request } = args as { request?: { headers?: Record<string, string> } };
    if (request?.headers) request.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
    return next(args);
  },
  { step: "build" },
);
const started = performance.now();
const name = { Bucket: "bucket", Key: "peer.tar.zst" };
const zstd = spawn("zstd", ["-1", "-T0", "-q", "-c", source], {
  stdio: ["ignore", "pipe", "inherit"],
});
const { UploadId } = await client.send(new CreateMultipartUploadCommand(name));
const parts: CompletedPart[] = [];
const going = new Set<Promise<void>>();
let chunks: Buffer[] = [];
let bytes = 0;
let number = 0;
const send = async () => {
  number += 1;
  const PartNumber = number;
  const part = { ...name, UploadId, PartNumber, Body: Buffer.concat(chunks) };
  chunks = [];
  bytes = 0;
  const sending = client
    .send(new UploadPartCommand(part))
    .then(({ ETag }) => {
      parts[PartNumber - 1] = { ...(ETag === undefined ? {} : { ETag }), PartNumber };
    })
    .finally(() => going.delete(sending));
  going.add(sending);
  if (going.size >= 4) await Promise.race(going);
};
for await (const chunk of zstd.stdout as AsyncIterable<Buffer>) {
  chunks.push(chunk);
  bytes += chunk.length;
  if (bytes >= 8 * 2 ** 20) await send();
}
if (bytes > 0) await send();
await Promise.all(going);
const MultipartUpload = { Parts: parts };
await client.send(new CompleteMultipartUploadCommand({ ...name, UploadId, MultipartUpload }));
process.stdout.write(`${JSON.stringify({ milliseconds: performance.now() - started })}\n`);
client.destroy();
