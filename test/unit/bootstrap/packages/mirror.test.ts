import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mirrorFiles } from "#bootstrap/packages/images/mirror-files";
import { mirrorDriver } from "#bootstrap/packages/mirror";
import { traces } from "#bootstrap/nodes/traces";
import { packageFields, packageSource } from "#bootstrap/spec/package-fields";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-mirror-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const read = (value: unknown, bundle?: string) =>
  packageSource(packageFields.read({ path: "spec.packages", value }), bundle);
const urls = {
  ...{ kubernetes: "https://m.example.org/kubernetes", containerd: "https://m.example.org/docker" },
  registry: "m.example.org:5000",
};

test("containerd asks the mirror for every public registry, and nobody else", () => {
  const files = mirrorFiles("m.example.org:5000", "PEM");
  const hosts = files.find(({ path }) => path.endsWith("/registry.k8s.io/hosts.toml"))?.content;
  expect(hosts).toBe(`server = "https://m.example.org:5000"
ca = "/etc/containerd/certs.d/clouder-authority.crt"

[host."https://m.example.org:5000"]
  capabilities = ["pull", "resolve"]
  ca = "/etc/containerd/certs.d/clouder-authority.crt"
`);
  const page = readFileSync("docs/packages.md", "utf8");
  const stands = /A mirror stands in for ([^]*?) on every node/.exec(page)?.[1] ?? "";
  const folders = files.map(({ path }) => path.split("/").at(-2) ?? "");
  expect(stands.split(/, | and /)).toEqual(folders.filter((name) => name !== "certs.d"));
  // Charts of AWS' and Azure's add-ons have their images there.
  expect(folders).toEqual(expect.arrayContaining(["public.ecr.aws", "mcr.microsoft.com"]));
  const cleaned: readonly string[] = traces.files;
  for (const { path } of files) expect(cleaned).toContain(path);
});

test.each([
  [undefined, undefined, { kind: "online" }],
  [undefined, "/b", { kind: "bundle", folder: "/b" }],
  [{ bundle: "./b" }, undefined, { kind: "bundle", folder: "./b" }],
  [
    { kind: "online", containerdVersion: "2.3.6" },
    "/b",
    { kind: "online", containerdVersion: "2.3.6" },
  ],
  [{ kind: "mirror", ...urls }, undefined, { kind: "mirror", ...urls }],
])("%j beside the bundle %j is %j", (value, bundle, source) => {
  expect(read(value, bundle)).toEqual(source);
});

test.each([
  [{ kind: "mirror", kubernetes: urls.kubernetes }, "spec.packages.containerd is missing"],
  [{ kind: "online", registry: "m:5000" }, "spec.packages.registry does not go with online"],
  [{ kind: "bundle" }, "spec.packages.bundle is missing"],
  [{ kind: "mirror", ...urls, kubernetes: "m.example.org" }, "is not an address"],
  [{ kind: "mirror", ...urls, fingerprints: { criu: "abc" } }, "not the fingerprint"],
  [{ kind: "online", containerdVersion: "1.7" }, "not a version of containerd 2"],
])("%j is refused: %s", (value, message) => {
  expect(() => read(value)).toThrow(message);
});

test.each([
  ["absent.pem", undefined, "cannot read"],
  ["ca.der", "binary", "holds no PEM certificate"],
])("an authority that is %s is told before anything else", async (name, content, message) => {
  const ca = join(folder, name);
  if (content !== undefined) await writeFile(ca, content);
  await expect(mirrorDriver.open({ kind: "mirror", ...urls, ca })).rejects.toMatchObject({
    code: "config",
    message: expect.stringContaining(message) as string,
  });
});
