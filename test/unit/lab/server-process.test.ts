import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { freePort, startServer } from "#test/lab/server-process";

const answering = `require("node:http").createServer((_, answer) => answer.end(process.env.SECRET)).listen(Number(process.env.PORT), "127.0.0.1")`;

it("waits until the server answers, keeps secrets out of argv, and ends it", async () => {
  const port = await freePort("127.0.0.1");
  const endpoint = `http://127.0.0.1:${port}`;
  const server = await startServer({
    argv: [process.execPath, "-e", answering],
    environment: { SECRET: "s3cret", PORT: String(port) },
    endpoint,
  });
  expect(await (await fetch(endpoint)).text()).toBe("s3cret");
  expect(await readFile(`/proc/${server.pid}/cmdline`, "utf8")).not.toContain("s3cret");
  await server.stop();
  await server.stop();
  await expect(fetch(endpoint)).rejects.toThrow();
});

it("says what the server said when it ends instead of answering", async () => {
  const port = await freePort("127.0.0.1");
  await expect(
    startServer({
      argv: ["sh", "-c", "echo no such bucket >&2; exit 3"],
      environment: {},
      endpoint: `http://127.0.0.1:${port}`,
    }),
  ).rejects.toThrow("no such bucket");
});
