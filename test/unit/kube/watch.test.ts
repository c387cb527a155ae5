import type { ServerResponse } from "node:http";
import { afterEach, expect, it } from "vitest";
import type { Clock } from "#core/clock";
import type { WatchEvent } from "#kube/kube";
import { configMaps, type ConfigMap } from "#kube/resources";
import { createKube } from "#kube/rest";
import { json, scriptedServer, status, type ScriptedServer } from "#test/unit/kube/api-server";

let server: ScriptedServer | undefined;
afterEach(() => server?.close());

const object = (name: string, resourceVersion: string) => ({
  kind: "ConfigMap",
  metadata: { name, resourceVersion },
});

/** Answers lists in order (the last one again and again) and hands each watch to the test. */
async function watching(
  lists: readonly { readonly version: string; readonly names: readonly string[] }[],
  streams: readonly ((response: ServerResponse) => void)[],
  wanted: number,
): Promise<{ readonly events: readonly string[]; readonly pauses: readonly number[] }> {
  let listed = 0;
  let streamed = 0;
  server = await scriptedServer(({ query }, response) => {
    if (query["watch"] === "true") {
      const stream = streams[streamed];
      streamed += 1;
      if (stream) stream(response.writeHead(200));
      return;
    }
    const list = lists[Math.min(listed, lists.length - 1)];
    listed += 1;
    const items = list?.names.map((name) => object(name, "1"));
    json(response, 200, { items, metadata: { resourceVersion: list?.version } });
  });
  const pauses: number[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: (milliseconds) => {
      pauses.push(milliseconds);
      return Promise.resolve();
    },
  };
  const stop = new AbortController();
  const events: string[] = [];
  const kube = createKube(server.transport, { clock });
  for await (const event of kube.watch(configMaps, { namespace: "n" }, stop.signal)) {
    events.push(textOf(event));
    if (events.length === wanted) stop.abort();
  }
  return { events, pauses };
}

function textOf(event: WatchEvent<ConfigMap>): string {
  return event.type === "RESYNC"
    ? `RESYNC ${event.objects.map(({ metadata }) => metadata.name).join(",")}`
    : `${event.type} ${event.object.metadata.name}`;
}

const line = (type: string, body: unknown) => `${JSON.stringify({ type, object: body })}\n`;

it("follows from the list's version, over chunks that split lines, and skips bookmarks", async () => {
  const { events } = await watching(
    [{ version: "7", names: ["a"] }],
    [
      (response) => {
        const text =
          line("ADDED", object("bücher", "8")) +
          line("BOOKMARK", object("", "9")) +
          line("DELETED", object("a", "10"));
        const bytes = Buffer.from(text);
        response.write(bytes.subarray(0, 31));
        setTimeout(() => response.write(bytes.subarray(31)), 10);
      },
    ],
    3,
  );
  expect(events).toEqual(["RESYNC a", "ADDED bücher", "DELETED a"]);
  expect(server?.seen[1]?.query).toMatchObject({
    watch: "true",
    resourceVersion: "7",
    allowWatchBookmarks: "true",
  });
});

it("takes an ended stream up again from the last version seen, bookmarks included", async () => {
  const { events } = await watching(
    [{ version: "7", names: [] }],
    [
      (response) =>
        response.end(line("ADDED", object("a", "8")) + line("BOOKMARK", object("", "20"))),
      (response) => response.write(line("MODIFIED", object("a", "21"))),
    ],
    3,
  );
  expect(events).toEqual(["RESYNC ", "ADDED a", "MODIFIED a"]);
  expect(server?.seen[2]?.query).toMatchObject({ resourceVersion: "20" });
});

it("lists anew when the version has expired, told in the stream or by status 410", async () => {
  const { events } = await watching(
    [
      { version: "7", names: ["a"] },
      { version: "50", names: ["b"] },
      { version: "90", names: ["c"] },
    ],
    [
      (response) => response.write(line("ERROR", { kind: "Status", code: 410 })),
      (response) => {
        response.destroy();
      },
      (response) => response.write(line("ERROR", { kind: "Status", code: 410 })),
    ],
    3,
  );
  expect(events).toEqual(["RESYNC a", "RESYNC b", "RESYNC c"]);
});

it("waits longer and longer between broken streams", async () => {
  const broken = (response: ServerResponse) => {
    response.flushHeaders();
    setTimeout(() => response.destroy(), 5);
  };
  const { events, pauses } = await watching(
    [{ version: "7", names: [] }],
    [broken, broken, broken, broken, (response) => response.write(line("ADDED", object("a", "8")))],
    2,
  );
  expect(events).toEqual(["RESYNC ", "ADDED a"]);
  expect(pauses).toHaveLength(3);
  expect(pauses[2]).toBeGreaterThan(pauses[0]!);
});

it("the first list's refusal is the caller's", async () => {
  server = await scriptedServer((_request, response) => {
    json(response, 403, status(403, "Forbidden"));
  });
  const kube = createKube(server.transport);
  const events = kube.watch(configMaps, {}, new AbortController().signal);
  await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "denied" });
});

it("a moment of 403 later on, as of a restarting API server, is survived; a lasting one is not", async () => {
  let refusals = 0;
  server = await scriptedServer(({ query }, response) => {
    if (query["watch"] !== "true") {
      json(response, 200, { items: [], metadata: { resourceVersion: "1" } });
      return;
    }
    refusals += 1;
    json(response, 403, status(403, "Forbidden"));
  });
  const clock: Clock = { now: () => 0, sleep: () => Promise.resolve() };
  const kube = createKube(server.transport, { clock });
  const events = kube.watch(configMaps, {}, new AbortController().signal)[Symbol.asyncIterator]();
  await events.next();
  await expect(events.next()).rejects.toMatchObject({ code: "denied" });
  expect(refusals).toBe(10);
});

it("tells of every sign of the server: the list, an opened stream, events and bookmarks", async () => {
  server = await scriptedServer(({ query }, response) => {
    if (query["watch"] !== "true") json(response, 200, { items: [], metadata: {} });
    else {
      response.writeHead(200);
      response.write(line("BOOKMARK", object("", "9")) + line("ADDED", object("a", "10")));
    }
  });
  let heard = 0;
  const onContact = () => {
    heard += 1;
  };
  const stop = new AbortController();
  for await (const event of createKube(server.transport).watch(
    configMaps,
    { onContact },
    stop.signal,
  )) {
    if (event.type === "ADDED") stop.abort();
  }
  expect(heard).toBe(4);
});
