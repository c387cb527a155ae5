import type { Kube, KubeObject, ListOptions, ObjectName, Resource } from "#kube/kube";
import { systemClock, type Clock } from "#core/clock";
import { ClouderError, hasCode } from "#core/error";
import { statusError } from "#kube/status";
import { readText, send, type HttpRequest, type Transport } from "#kube/transport";
import { watchObjects } from "#kube/watch";

export interface KubeOptions {
  /** For every request but watches; default 30 s, 0 waits forever. */
  readonly requestTimeoutMs?: number | undefined;
  readonly clock?: Clock;
}

const pageSize = 500;

/** The Kube port as REST calls over a transport. */
export function createKube(transport: Transport, options: KubeOptions = {}): Kube {
  const timeoutMs = options.requestTimeoutMs ?? 30_000;

  async function call(request: Omit<HttpRequest, "timeoutMs">): Promise<unknown> {
    const response = await send(transport, { ...request, timeoutMs });
    const text = await readText(transport, response);
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) {
      throw statusError(status, text, `${request.method} ${request.path}`);
    }
    return parse(text, transport);
  }

  async function listPage<T extends KubeObject>(
    resource: Resource<T>,
    query: Record<string, string | undefined>,
    namespace: string | undefined,
  ): Promise<{ readonly items: readonly T[]; readonly version: string; readonly next: string }> {
    const page = (await call({
      method: "GET",
      path: collectionPath(resource, namespace) + queryOf(query),
    })) as { items?: T[] | null; metadata?: { resourceVersion?: string; continue?: string } };
    // Items of built-in lists come without their kind.
    const { apiVersion, kind } = resource;
    const items = (page.items ?? []).map((item) => ({ ...item, apiVersion, kind }));
    return {
      items,
      version: page.metadata?.resourceVersion ?? "",
      next: page.metadata?.continue ?? "",
    };
  }

  async function listAll<T extends KubeObject>(
    resource: Resource<T>,
    { namespace, labelSelector, fieldSelector }: ListOptions,
  ): Promise<{ readonly items: readonly T[]; readonly version: string }> {
    const items: T[] = [];
    let next = "";
    for (;;) {
      const query = {
        labelSelector,
        fieldSelector,
        limit: String(pageSize),
        continue: next === "" ? undefined : next,
      };
      const page = await listPage(resource, query, namespace);
      items.push(...page.items);
      if (page.next === "") return { items, version: page.version };
      next = page.next;
    }
  }

  return {
    server: transport.server,
    context: transport.context,
    namespace: transport.namespace,
    get: (resource, name) =>
      call({ method: "GET", path: objectPath(resource, name) }) as Promise<never>,
    list: async (resource, listOptions = {}) => (await listAll(resource, listOptions)).items,
    create: (resource, object, write) =>
      call({
        method: "POST",
        path: collectionPath(resource, namespaceOf(resource, object)) + dryRun(write),
        body: JSON.stringify(object),
      }) as Promise<never>,
    replace: (resource, object) =>
      call({
        method: "PUT",
        path: objectPath(resource, object.metadata),
        body: JSON.stringify(object),
      }) as Promise<never>,
    apply: (resource, object, fieldManager, write) =>
      call({
        method: "PATCH",
        path:
          objectPath(resource, object.metadata) +
          queryOf({ fieldManager, force: "true", dryRun: write?.dryRun ? "All" : undefined }),
        contentType: "application/apply-patch+yaml",
        body: JSON.stringify(object),
      }) as Promise<never>,
    patch: (resource, name, patch, subresource) =>
      call({
        method: "PATCH",
        path: objectPath(resource, name) + (subresource ? `/${subresource}` : ""),
        contentType: "application/merge-patch+json",
        body: JSON.stringify(patch),
      }) as Promise<never>,
    remove: async (resource, name, { uid, gracePeriodSeconds } = {}) => {
      const body = {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: "Background",
        ...(uid === undefined ? {} : { preconditions: { uid } }),
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      };
      try {
        await call({
          method: "DELETE",
          path: objectPath(resource, name),
          body: JSON.stringify(body),
        });
      } catch (error) {
        if (!hasCode(error, "not-found")) throw error;
      }
    },
    watch: (resource, listOptions, signal) =>
      watchObjects(
        {
          clock: options.clock ?? systemClock,
          heard: listOptions.onContact,
          list: () => listAll(resource, listOptions),
          open: (query, timeout) =>
            send(transport, {
              method: "GET",
              path:
                collectionPath(resource, listOptions.namespace) +
                queryOf({
                  labelSelector: listOptions.labelSelector,
                  fieldSelector: listOptions.fieldSelector,
                  ...query,
                }),
              signal,
              timeoutMs: timeout,
            }),
        },
        signal,
      ),
    raw: async (method, path, { body, signal } = {}) => {
      const response = await send(transport, { method, path, body, signal, timeoutMs });
      return {
        status: response.statusCode ?? 0,
        body: await readText(transport, response),
      };
    },
  };
}

function parse(text: string, transport: Transport): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ClouderError(
      "unreachable",
      `${transport.server} answered with something other than JSON`,
      {
        cause: error,
        hint: "is there a proxy or a login page in between?",
      },
    );
  }
}

function collectionPath(resource: Resource, namespace: string | undefined): string {
  const base = resource.apiVersion.includes("/") ? "/apis/" : "/api/";
  const scope =
    resource.namespaced && namespace !== undefined
      ? `/namespaces/${encodeURIComponent(namespace)}`
      : "";
  return `${base}${resource.apiVersion}${scope}/${resource.plural}`;
}

function objectPath(resource: Resource, { name, namespace }: ObjectName): string {
  if (name === "" || (resource.namespaced && namespace === undefined)) {
    const what = name === "" ? "name" : "namespace";
    throw new ClouderError(
      "internal",
      `${resource.kind} "${name}" was asked for without a ${what}`,
    );
  }
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
}

function namespaceOf(resource: Resource, object: KubeObject): string | undefined {
  if (resource.namespaced && object.metadata.namespace === undefined) {
    throw new ClouderError("internal", `${resource.kind} is made without a namespace`);
  }
  return object.metadata.namespace;
}

function dryRun(write: { readonly dryRun?: boolean } | undefined): string {
  return queryOf({ dryRun: write?.dryRun ? "All" : undefined });
}

function queryOf(query: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(query).filter(
    (pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== "",
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs).toString()}`;
}
