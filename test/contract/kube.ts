import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasCode } from "#core/error";
import type { Kube, KubeObject, Resource, WatchEvent } from "#kube/kube";
import { configMaps, customResourceDefinitions, namespaces, type ConfigMap } from "#kube/resources";

interface Widget extends KubeObject {
  readonly kind: "Widget";
  readonly spec: { readonly size?: number; readonly colour?: string; readonly parts?: string[] };
  readonly status?: { readonly phase?: string };
}

const widgets: Resource<Widget> = {
  apiVersion: "contract.clouder.test/v1",
  kind: "Widget",
  plural: "widgets",
  namespaced: true,
};

/** The law of the Kube port; runs on an empty namespace of its own and removes it. */
export function describeKube(name: string, make: () => Promise<Kube>): void {
  describe(`Kube contract: ${name}`, () => {
    const namespace = `contract-${randomBytes(4).toString("hex")}`;
    let kube: Kube;
    const map = (name: string, data: Record<string, string> = {}, labels = {}): ConfigMap => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace, labels },
      data,
    });
    const widget = (name: string, spec: Widget["spec"] = {}, meta = {}): Widget => ({
      apiVersion: widgets.apiVersion,
      kind: "Widget",
      metadata: { name, namespace, ...meta },
      spec,
    });

    beforeAll(async () => {
      kube = await make();
      await kube.create(namespaces, {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: namespace },
      });
      await kube.apply(customResourceDefinitions, widgetDefinition(), "contract");
      await eventually(async () => (await kube.list(widgets, { namespace })).length === 0);
    });
    afterAll(async () => {
      await kube.remove(namespaces, { name: namespace });
      await kube.remove(customResourceDefinitions, { name: "widgets.contract.clouder.test" });
    });

    it("gives back what was created, with uid, version and time", async () => {
      const made = await kube.create(configMaps, map("made", { a: "1" }));
      expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(made.metadata.resourceVersion).toBeTruthy();
      expect(Date.parse(made.metadata.creationTimestamp ?? "")).not.toBeNaN();
      const read = await kube.get(configMaps, { name: "made", namespace });
      expect(read).toMatchObject({ kind: "ConfigMap", apiVersion: "v1", data: { a: "1" } });
    });

    it("makes a name out of generateName", async () => {
      const made = await kube.create(configMaps, {
        ...map(""),
        metadata: { name: "", generateName: "some-", namespace },
      });
      expect(made.metadata.name).toMatch(/^some-[a-z0-9]+$/);
    });

    it("answers not-found, exists and refused by their codes", async () => {
      await expect(kube.get(configMaps, { name: "nobody", namespace })).rejects.toSatisfy(
        (error) => hasCode(error, "not-found") && error.message.includes('"nobody" not found'),
      );
      await kube.create(configMaps, map("twice"));
      await expect(kube.create(configMaps, map("twice"))).rejects.toSatisfy((error) =>
        hasCode(error, "exists"),
      );
      await expect(kube.patch(configMaps, { name: "nobody", namespace }, {})).rejects.toSatisfy(
        (error) => hasCode(error, "not-found"),
      );
    });

    it("does not store a dry run", async () => {
      const made = await kube.create(configMaps, map("dry"), { dryRun: true });
      expect(made.metadata.name).toBe("dry");
      await kube.apply(configMaps, map("dry"), "contract", { dryRun: true });
      await expect(kube.get(configMaps, { name: "dry", namespace })).rejects.toSatisfy((error) =>
        hasCode(error, "not-found"),
      );
    });

    it("refuses to replace an object that somebody else changed, retryable", async () => {
      const first = await kube.create(configMaps, map("raced", { by: "first" }));
      const second = await kube.replace(configMaps, { ...first, data: { by: "second" } });
      expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
      await expect(kube.replace(configMaps, { ...first, data: { by: "third" } })).rejects.toSatisfy(
        (error) => hasCode(error, "conflict") && error.retryable,
      );
      expect((await kube.get(configMaps, { name: "raced", namespace })).data).toEqual({
        by: "second",
      });
    });

    it("merges patches, removes nulls and makes them conditional by resourceVersion", async () => {
      const made = await kube.create(configMaps, map("patched", { keep: "1", drop: "2" }));
      const name = { name: "patched", namespace };
      const patched = await kube.patch(configMaps, name, { data: { drop: null, more: "3" } });
      expect(patched.data).toEqual({ keep: "1", more: "3" });
      const { resourceVersion } = made.metadata;
      await expect(
        kube.patch(configMaps, name, { metadata: { resourceVersion }, data: { late: "4" } }),
      ).rejects.toSatisfy((error) => hasCode(error, "conflict"));
    });

    it("keeps status and spec apart by the status subresource, and counts generations", async () => {
      const given = { ...widget("split", { size: 1 }), status: { phase: "Smuggled" } };
      const made = await kube.create(widgets, given);
      expect(made.status).toBeUndefined();
      expect(made.metadata.generation).toBe(1);
      const name = { name: "split", namespace };
      const patch = { spec: { size: 9 }, status: { phase: "Ready" } };
      const reported = await kube.patch(widgets, name, patch, "status");
      expect(reported).toMatchObject({ spec: { size: 1 }, status: { phase: "Ready" } });
      expect(reported.metadata.generation).toBe(1);
      const grown = await kube.patch(widgets, name, { spec: { size: 2 }, status: { phase: "X" } });
      expect(grown).toMatchObject({ spec: { size: 2 }, status: { phase: "Ready" } });
      expect(grown.metadata.generation).toBe(2);
    });

    it("applies: makes, changes, leaves others' fields and drops its own that are gone", async () => {
      const name = { name: "applied", namespace };
      await kube.apply(widgets, widget("applied", { size: 1, parts: ["a", "b"] }), "one");
      await kube.apply(widgets, widget("applied", { colour: "red" }), "two");
      const both = await kube.apply(widgets, widget("applied", { parts: ["c"] }), "one");
      expect(both.spec).toEqual({ colour: "red", parts: ["c"] });
      const again = await kube.apply(widgets, widget("applied", { parts: ["c"] }), "one");
      expect(again.metadata.resourceVersion).toBe(both.metadata.resourceVersion);
      expect((await kube.get(widgets, name)).metadata.generation).toBe(3);
    });

    it("keeps a removed object with finalizers until the last one is gone", async () => {
      const name = { name: "held", namespace };
      await kube.create(widgets, widget("held", {}, { finalizers: ["contract.clouder.test/x"] }));
      await kube.remove(widgets, name);
      const dying = await kube.get(widgets, name);
      expect(dying.metadata.deletionTimestamp).toBeTruthy();
      await kube.remove(widgets, name);
      await kube.patch(widgets, name, { metadata: { finalizers: null } });
      await expect(kube.get(widgets, name)).rejects.toSatisfy((error) =>
        hasCode(error, "not-found"),
      );
    });

    it("removes what is absent without complaint, and only the object with the given uid", async () => {
      await kube.remove(configMaps, { name: "never-was", namespace });
      const made = await kube.create(configMaps, map("guarded"));
      const name = { name: "guarded", namespace };
      const other = "00000000-0000-4000-8000-000000000000";
      await expect(kube.remove(configMaps, name, { uid: other })).rejects.toSatisfy((error) =>
        hasCode(error, "conflict"),
      );
      await kube.remove(configMaps, name, { uid: made.metadata.uid ?? "" });
      await expect(kube.get(configMaps, name)).rejects.toSatisfy((error) =>
        hasCode(error, "not-found"),
      );
    });

    it("lists by namespace, labels and fields, each item with its kind", async () => {
      await kube.create(configMaps, map("blue", {}, { colour: "blue", kind: "x" }));
      await kube.create(configMaps, map("green", {}, { colour: "green", kind: "x" }));
      const names = async (options: object) =>
        (await kube.list(configMaps, { namespace, ...options })).map(
          ({ metadata }) => metadata.name,
        );
      expect(await names({ labelSelector: "kind=x" })).toEqual(["blue", "green"]);
      expect(await names({ labelSelector: "kind=x,colour!=blue" })).toEqual(["green"]);
      expect(await names({ labelSelector: "colour in (blue,red)" })).toEqual(["blue"]);
      expect(await names({ labelSelector: "colour,kind notin (y)" })).toEqual(["blue", "green"]);
      expect(await names({ fieldSelector: "metadata.name=green" })).toEqual(["green"]);
      expect(await names({ namespace: "contract-empty" })).toEqual([]);
      const [blue] = await kube.list(configMaps, { labelSelector: "colour=blue" });
      expect(blue).toMatchObject({ kind: "ConfigMap", apiVersion: "v1" });
    });

    it("watches: first all there is, then every change, objects that leave the selection too", async () => {
      const labels = { watched: "yes" };
      await kube.create(configMaps, map("before", {}, labels));
      const stop = new AbortController();
      const seen: string[] = [];
      const note = (event: WatchEvent<ConfigMap>) =>
        event.type === "RESYNC"
          ? `RESYNC ${event.objects.map(({ metadata }) => metadata.name).join(" ")}`
          : `${event.type} ${event.object.metadata.name}`;
      const selection = { namespace, labelSelector: "watched=yes" };
      const following = (async () => {
        for await (const event of kube.watch(configMaps, selection, stop.signal)) {
          seen.push(note(event));
        }
      })();
      await eventually(() => seen.length === 1);
      await kube.create(configMaps, map("during", {}, labels));
      await kube.create(configMaps, map("unseen"));
      const during = { name: "during", namespace };
      await kube.patch(configMaps, during, { data: { a: "1" } });
      await kube.patch(configMaps, during, { metadata: { labels: { watched: "no" } } });
      await kube.remove(configMaps, { name: "before", namespace });
      await eventually(() => seen.length === 5);
      stop.abort();
      await following;
      expect(seen).toEqual([
        "RESYNC before",
        "ADDED during",
        "MODIFIED during",
        "DELETED during",
        "DELETED before",
      ]);
    });

    it("hands out copies: a caller's change of an answer changes nothing", async () => {
      await kube.create(configMaps, map("own", { a: "1" }));
      const name = { name: "own", namespace };
      const read = await kube.get(configMaps, name);
      (read.data as Record<string, string>)["a"] = "2";
      expect((await kube.get(configMaps, name)).data).toEqual({ a: "1" });
    });
  });
}

async function eventually(probe: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    try {
      if (await probe()) return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline) throw new Error("waited 15 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function widgetDefinition() {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.contract.clouder.test" },
    spec: {
      group: "contract.clouder.test",
      scope: "Namespaced",
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                spec: {
                  type: "object",
                  properties: {
                    size: { type: "integer" },
                    colour: { type: "string" },
                    parts: { type: "array", items: { type: "string" } },
                  },
                },
                status: { type: "object", properties: { phase: { type: "string" } } },
              },
            },
          },
        },
      ],
    },
  } as const;
}
