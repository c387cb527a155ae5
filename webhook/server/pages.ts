import express, { type Express } from "express";
import type { Figures } from "#webhook/server/figures";
import type { WebhookStatus } from "#webhook/server/status";

/** Everything but /mutate: probes, metrics and what people look at. No page takes a body. */
export function createPages(context: {
  readonly status: () => WebhookStatus;
  readonly figures: Figures;
}): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("env", "production");
  app.get("/healthz", (_request, response) => {
    response.type("text").send("ok\n");
  });
  app.get("/readyz", (_request, response) => {
    const { ready, notReady } = context.status();
    response
      .status(ready ? 200 : 503)
      .type("text")
      .send(ready ? "ok\n" : `${notReady.join("\n")}\n`);
  });
  app.get("/metrics", (_request, response) => {
    response.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.send(context.figures.text());
  });
  app.get("/admin/status", (_request, response) => {
    response.json(context.status());
  });
  app.get("/admin", (_request, response) => {
    response.json({ pages: ["/healthz", "/readyz", "/metrics", "/admin/status"] });
  });
  app.use((_request, response) => {
    response.status(404).type("text").send("no such page\n");
  });
  return app;
}
