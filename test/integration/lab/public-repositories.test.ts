import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { patienceMs, publicRepositoriesAnswer } from "#test/lab/public-repositories";

let folder: string;
let forwarding: string;
const servers: Server[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-answer-"));
  forwarding = join(folder, "ip_forward");
  await writeFile(forwarding, "1\n");
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true });
});

/** Answers with a status, or never. */
async function serverWith(status: number | undefined): Promise<string> {
  const server = createServer((_request, response) => {
    if (status !== undefined) response.writeHead(status).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

it("online where all answer, a registry's question for a login included", async () => {
  const urls = [await serverWith(200), await serverWith(401)];
  expect(await publicRepositoriesAnswer(urls, forwarding)).toBe(true);
});

it("offline where one refuses, or the host lets machines reach nobody", async () => {
  const fine = await serverWith(200);
  expect(await publicRepositoriesAnswer([fine, await serverWith(403)], forwarding)).toBe(false);
  expect(await publicRepositoriesAnswer([fine, "http://127.0.0.1:1/"], forwarding)).toBe(false);
  await writeFile(forwarding, "0\n");
  expect(await publicRepositoriesAnswer([fine], forwarding)).toBe(false);
});

it("a demo without a network waits no longer than its patience", async () => {
  const started = performance.now();
  const urls = [await serverWith(undefined), await serverWith(undefined)];
  expect(await publicRepositoriesAnswer(urls, forwarding)).toBe(false);
  expect(performance.now() - started).toBeLessThan(patienceMs + 3000);
  expect(patienceMs).toBeLessThanOrEqual(7000);
});
