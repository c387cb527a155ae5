import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";

/**
 * Child of the webhook bench: what Node itself takes for such a call. The body is read and parsed, and
 * an answer of the webhook's size is sent; nothing is decided. No webhook on `node:https` can be faster.
 */

const patch = "A".repeat(2_900);
const [folder = ""] = process.argv.slice(2);
const server = createServer(
  {
    cert: readFileSync(join(folder, "tls.crt")),
    key: readFileSync(join(folder, "tls.key")),
    keepAliveTimeout: 120_000,
  },
  (request, response) => {
    const chunks: Buffer[] = [];
    response.sendDate = false;
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { request: asked } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
        readonly request: { readonly uid: string };
      };
      const body =
        '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":' +
        `"${asked.uid}","allowed":true,"patchType":"JSONPatch","patch":"${patch}"}}`;
      response.writeHead(200, {
        "Content-Type": "application/json",
        "Content-Length": body.length,
      });
      response.end(body, "latin1");
    });
  },
);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  process.stdout.write(`listening ${String(port)}\n`);
});
