import { createHash } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BundleFile } from "#bootstrap/bundle/bundle";
import { checkBundle, openBundle } from "#bootstrap/bundle/load";
import { createCluster, previewCluster } from "#bootstrap/create-cluster";
import { systemClock } from "#core/clock";
import { silent } from "#core/report";
import { emptyBundle } from "#test/fixtures/bundle";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-bundle-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const programs = ["kubelet", "kubeadm", "kubectl", "containerd", "ctr"];
const binary = (name: string, content = "x"): BundleFile => ({
  kind: "binary",
  path: name,
  destination: `/usr/local/bin/${name}`,
  sha256: createHash("sha256").update(content).digest("hex"),
  bytes: content.length,
});
const write = (files: readonly BundleFile[], changes: object = {}) =>
  writeFile(join(folder, "bundle.json"), JSON.stringify({ ...emptyBundle, files, ...changes }));

describe("an offline bundle", () => {
  test("gives a file whose bytes are what bundle.json says", async () => {
    await write([binary("kubelet")]);
    await writeFile(join(folder, "kubelet"), "x");
    const bundle = await openBundle(folder);
    expect(await bundle.verified(bundle.bundle.files[0]!)).toBe(join(folder, "kubelet"));
  });

  test.each([
    ["changed", "y"],
    ["longer", "xx"],
    ["absent", undefined],
  ])("never gives a file that is %s", async (_what, content) => {
    await write([binary("kubelet")]);
    if (content !== undefined) await writeFile(join(folder, "kubelet"), content);
    const bundle = await openBundle(folder);
    await expect(bundle.verified(bundle.bundle.files[0]!)).rejects.toMatchObject({
      code: "integrity",
      message: expect.stringContaining("kubelet") as string,
    });
  });

  test.each([
    ["an absolute path", { path: "/etc/passwd" }],
    ["a path out of the folder", { path: "a/../../b" }],
    ["no digest", { sha256: "" }],
  ])("is refused for %s", async (_what, change) => {
    await write([{ ...binary("kubelet"), ...change }]);
    await expect(openBundle(folder)).rejects.toMatchObject({ code: "integrity" });
  });

  test("of another format is refused", async () => {
    await write([], { apiVersion: "v2" });
    await expect(openBundle(folder)).rejects.toMatchObject({ code: "unsupported" });
  });

  test("must have the wanted Kubernetes version and all programs", async () => {
    await write(programs.map((name) => binary(name)));
    const bundle = await openBundle(folder);
    expect(() => {
      checkBundle(bundle, "v1.36.3");
    }).not.toThrow();
    expect(() => {
      checkBundle(bundle, "v1.35.0");
    }).toThrow(expect.objectContaining({ code: "config" }) as Error);
    await write([binary("kubelet")]);
    const poor = await openBundle(folder);
    expect(() => {
      checkBundle(poor, "v1.36.3");
    }).toThrow("kubeadm");
  });
});

describe("a create that cannot be", () => {
  const around = { report: silent, clock: systemClock };
  const request = (flags: object) => ({
    home: folder,
    flags: { name: "x", bundle: folder, ...flags },
  });

  test.each([
    [{ provider: "gcp" }, "usage"],
    [{ kubernetesVersion: "v1.30.0" }, "config"],
    [{ name: "X" }, "usage"],
    [{ provider: "ssh", hosts: ["a@b"], workers: 2 }, "usage"],
  ])("with %j is refused as %s and leaves no trace", async (flags, code) => {
    await write(programs.map((name) => binary(name)));
    await expect(createCluster(request(flags), around)).rejects.toMatchObject({ code });
    await expect(previewCluster(request(flags), around)).rejects.toMatchObject({ code });
    await expect(stat(join(folder, ".clouder/kubeadm/x"))).rejects.toMatchObject({
      code: "ENOENT",
    });
  });

  test("is previewed without a change", async () => {
    await write(programs.map((name) => binary(name)));
    const steps = await previewCluster(
      request({ provider: "ssh", hosts: ["root@10.0.0.4", "root@10.0.0.5"] }),
      around,
    );
    expect(steps.find(({ step }) => step === "machines")?.lines).toEqual([
      "x-master: root@10.0.0.4:22",
      "x-node-1: root@10.0.0.5:22",
    ]);
    expect(steps.map(({ step }) => step)).toContain("prove");
  });
});
