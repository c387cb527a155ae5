import { afterEach, describe, expect, it } from "vitest";
import { hasCode, type ClouderError } from "#core/error";
import type { Kube } from "#kube/kube";
import { configMaps, nodes, pods } from "#kube/resources";
import { createKube } from "#kube/rest";
import {
  json,
  scriptedServer,
  status,
  type Answer,
  type ScriptedServer,
} from "#test/unit/kube/api-server";

let server: ScriptedServer | undefined;
afterEach(() => server?.close());

async function connect(answer: Answer, requestTimeoutMs = 5000): Promise<Kube> {
  server = await scriptedServer(answer);
  return createKube(server.transport, { requestTimeoutMs });
}

const name = { name: "a", namespace: "n" };

describe("an answer becomes the error of the port's law:", () => {
  const cases: readonly [number, string, string, boolean][] = [
    [400, "BadRequest", "refused", false],
    [401, "Unauthorized", "unauthenticated", false],
    [403, "Forbidden", "denied", false],
    [404, "NotFound", "not-found", false],
    [409, "AlreadyExists", "exists", false],
    [409, "Conflict", "conflict", true],
    [422, "Invalid", "refused", false],
    [429, "TooManyRequests", "busy", true],
    [500, "InternalError", "unreachable", true],
    [503, "ServiceUnavailable", "unreachable", true],
  ];
  it.each(cases)("%i %s is %s", async (code, reason, wanted, retryable) => {
    const kube = await connect((_request, response) => {
      json(response, code, status(code, reason));
    });
    const error = await kube.get(configMaps, name).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: wanted, retryable, message: `${reason} happened` });
  });

  it("a path that is unknown as a whole says so, other than a missing object", async () => {
    const kube = await connect((_request, response) => {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("404 page not found\n");
    });
    await expect(kube.list(configMaps)).rejects.toMatchObject({
      code: "not-found",
      details: { unknownKind: true },
      hint: expect.stringMatching(/CustomResourceDefinition/) as string,
    });
  });

  it("something other than JSON is not taken for an object", async () => {
    const kube = await connect((_request, response) => response.end("<html>login</html>"));
    await expect(kube.get(configMaps, name)).rejects.toMatchObject({
      code: "unreachable",
      hint: expect.stringMatching(/proxy|login/) as string,
    });
  });
});

it("a server that is not there is unreachable, retryable, named and has a hint", async () => {
  const kube = await connect(() => undefined);
  await server?.close();
  const error = (await kube
    .get(configMaps, name)
    .catch((thrown: unknown) => thrown)) as ClouderError;
  expect(hasCode(error, "unreachable") && error.retryable).toBe(true);
  expect(error.message).toContain("127.0.0.1");
  expect(error.hint).toContain("context");
});

it("a server that does not answer in time is a timeout", async () => {
  const kube = await connect(() => undefined, 50);
  await expect(kube.get(configMaps, name)).rejects.toMatchObject({
    code: "timeout",
    retryable: true,
  });
});

it("raw requests are cancelled by their signal", async () => {
  const kube = await connect(() => undefined);
  const abort = new AbortController();
  const pending = kube.raw("GET", "/version", { signal: abort.signal });
  abort.abort();
  await expect(pending).rejects.toMatchObject({ code: "cancelled" });
});

it("raw gives status and body as they are", async () => {
  const kube = await connect((_request, response) =>
    response.writeHead(418).end("short and stout"),
  );
  expect(await kube.raw("POST", "/x", { body: "{}" })).toEqual({
    status: 418,
    body: "short and stout",
  });
});

it("lists all pages and gives each item its kind", async () => {
  const kube = await connect(({ query }, response) => {
    const last = query["continue"] === "more";
    const items = [{ metadata: { name: last ? "b" : "a" } }];
    json(response, 200, {
      items,
      metadata: { resourceVersion: "1", ...(last ? {} : { continue: "more" }) },
    });
  });
  const found = await kube.list(pods, { labelSelector: "a=b", fieldSelector: "spec.nodeName=x" });
  expect(found).toMatchObject([
    { kind: "Pod", apiVersion: "v1", metadata: { name: "a" } },
    { kind: "Pod", apiVersion: "v1", metadata: { name: "b" } },
  ]);
  expect(server?.seen.map(({ path }) => path)).toEqual(["/api/v1/pods", "/api/v1/pods"]);
  expect(server?.seen[0]?.query).toMatchObject({
    labelSelector: "a=b",
    fieldSelector: "spec.nodeName=x",
  });
});

describe("paths, methods and bodies:", () => {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: name } as const;
  const cases: readonly [string, (kube: Kube) => Promise<unknown>, object][] = [
    [
      "create",
      (kube) => kube.create(configMaps, object, { dryRun: true }),
      {
        method: "POST",
        path: "/api/v1/namespaces/n/configmaps",
        query: { dryRun: "All" },
      },
    ],
    ["replace", (kube) => kube.replace(configMaps, object), { method: "PUT" }],
    [
      "apply",
      (kube) => kube.apply(configMaps, object, "me"),
      {
        method: "PATCH",
        query: { fieldManager: "me", force: "true" },
        headers: expect.objectContaining({
          "content-type": "application/apply-patch+yaml",
        }) as object,
      },
    ],
    [
      "patch of a status",
      (kube) => kube.patch(pods, name, { status: {} }, "status"),
      {
        path: "/api/v1/namespaces/n/pods/a/status",
        body: '{"status":{}}',
        headers: expect.objectContaining({
          "content-type": "application/merge-patch+json",
        }) as object,
      },
    ],
    [
      "remove by uid",
      (kube) => kube.remove(nodes, { name: "a" }, { uid: "u", gracePeriodSeconds: 0 }),
      {
        method: "DELETE",
        path: "/api/v1/nodes/a",
        body: JSON.stringify({
          apiVersion: "v1",
          kind: "DeleteOptions",
          propagationPolicy: "Background",
          preconditions: { uid: "u" },
          gracePeriodSeconds: 0,
        }),
      },
    ],
  ];
  it.each(cases)("%s", async (_title, call, wanted) => {
    const kube = await connect((_request, response) => {
      json(response, 200, {});
    });
    await call(kube);
    expect(server?.seen).toEqual([expect.objectContaining(wanted)]);
    expect(server?.seen[0]?.headers.authorization).toBe("Bearer t");
  });

  it("names cannot reach another path", async () => {
    const kube = await connect((_request, response) => {
      json(response, 200, {});
    });
    await kube.get(configMaps, { name: "../../secrets/x?", namespace: "n" });
    expect(server?.seen[0]?.path).toBe("/api/v1/namespaces/n/configmaps/..%2F..%2Fsecrets%2Fx%3F");
  });
});

it("removing what is absent is no error", async () => {
  const kube = await connect((_request, response) => {
    json(response, 404, status(404, "NotFound"));
  });
  await kube.remove(configMaps, name);
});
