import { createServer } from "node:http";

/**
 * `/healthz` answers as long as the event loop turns, `/readyz` once the agent follows its node's work,
 * `/metrics` what Prometheus reads.
 */
export async function serveHealth(
  port: number,
  isReady: () => boolean,
  metrics: () => string,
): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer((request, response) => {
    if (request.url === "/metrics") {
      response.setHeader("Content-Type", "text/plain; version=0.0.4");
      response.end(metrics());
      return;
    }
    const known = request.url === "/healthz" || request.url === "/readyz";
    const good = request.url === "/healthz" || isReady();
    response.statusCode = known ? (good ? 200 : 503) : 404;
    response.end(known ? (good ? "ok\n" : "starting\n") : "not found\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
