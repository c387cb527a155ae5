import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { clusterFolder, recordOf, writeRecord } from "#bootstrap/cluster-folder";
import { recordedDocument } from "#bootstrap/recorded-document";
import { loadSpec } from "#bootstrap/spec/load";
import { sourceOf } from "#test/fixtures/cluster-source";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clouder-recorded-"));
});
afterEach(() => rm(home, { recursive: true }));

test.each([true, false])(
  "what goes on where a create stopped keeps the cloud's controllers as they were wanted: %s",
  async (cloudController) => {
    const defaults = { kubernetesVersion: "v1.36.3" };
    const written = {
      ...{ apiVersion: "bootstrap.clouder.datalayer.io/v1alpha1", kind: "Cluster" },
      metadata: { name: "dev" },
      spec: {
        provider: { name: "azure", settings: { region: "eastus" } },
        ...{ packages: { kind: "online" }, cloudController },
      },
    };
    const spec = loadSpec({ source: sourceOf(written), flags: {}, defaults });
    const record = recordOf(spec, { uid: "u", created_at: "2026-11-21T12:00:00Z" }, false);
    await writeRecord(clusterFolder(home, "dev"), record);
    const document = parse(await recordedDocument(home, "dev")) as object;
    expect(loadSpec({ source: sourceOf(document), flags: {}, defaults })).toEqual(spec);
  },
);
