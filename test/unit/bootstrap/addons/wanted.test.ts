import { expect, it } from "vitest";
import { addonCalled, wantedAddons, withKnownAddons } from "#bootstrap/addons/wanted";
import { lastingDifferences } from "#bootstrap/differences/recorded";
import type { Provider } from "#bootstrap/providers/provider";
import { readSource } from "#bootstrap/spec/read-source";
import { loadSpec } from "#bootstrap/spec/load";

async function specFrom(addons: string) {
  const document = `apiVersion: bootstrap.clouder.datalayer.io/v1alpha1
kind: Cluster
metadata: { name: lab }
spec:
  packages: { kind: online }
${addons}`;
  const source = await readSource(document, "cluster.yaml");
  return loadSpec({ source, flags: {}, defaults: { kubernetesVersion: "v1.36.3" } });
}
const names = (spec: Awaited<ReturnType<typeof specFrom>>) =>
  wantedAddons(spec).map(({ name }) => name);

it("a document's add-ons are wanted, in the table's order", async () => {
  const spec = await specFrom("  addons: [traefik, metrics-server]");
  expect(names(spec)).toEqual(["metrics-server", "traefik"]);
});

it("an empty list wants none, and what says nothing leaves a cluster's add-ons as they are", async () => {
  const known = await specFrom("  addons: [traefik]");
  expect(names(withKnownAddons(await specFrom("  addons: []"), known))).toEqual([]);
  expect(names(withKnownAddons(await specFrom(""), known))).toEqual(["traefik"]);
});

it("a wrong name in a document is told with its place and those there are", async () => {
  await expect(specFrom("  addons: [metrics-servr]")).rejects.toMatchObject({
    code: "config",
    message: expect.stringMatching(
      /^cluster\.yaml:6:\d+: spec\.addons\[0\] must be one of metrics-server, .*not "metrics-servr"/,
    ) as string,
  });
});

it("an add-on that stands there twice is refused", async () => {
  await expect(specFrom("  addons: [traefik, traefik]")).rejects.toThrow(
    /"traefik" stands there twice/,
  );
});

it("a wrong name of a command gets the nearest that there is", () => {
  expect(() => addonCalled("metric-server")).toThrow(
    expect.objectContaining({
      code: "not-found",
      hint: expect.stringMatching(/^did you mean metrics-server\?/) as string,
    }) as Error,
  );
});

it("a document takes no add-on out of a cluster: it says how", async () => {
  const known = await specFrom("  addons: [traefik]");
  const provider = { cannotBecome: () => undefined } as unknown as Provider;
  expect(lastingDifferences(known, await specFrom("  addons: []"), provider)).toEqual([
    {
      ...{ object: "addon/traefik", change: "refused" },
      fields: [{ field: "enabled", before: "true" }],
      cure: expect.stringMatching(/kubectl clouder addon disable lab traefik$/) as string,
    },
  ]);
});
