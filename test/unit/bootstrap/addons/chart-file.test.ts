import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Chart } from "#bootstrap/addons/addon";
import { chartFile } from "#bootstrap/addons/chart-file";
import type { Helm } from "#bootstrap/addons/helm/helm";
import { mirroredChart, publicChart } from "#bootstrap/packages/charts";

const archive = "the archive";
const chart: Chart = {
  ...{ name: "traefik", version: "41.6.0", repository: "https://charts.example" },
  sha256: createHash("sha256").update(archive).digest("hex"),
};
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "charts-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function pulling(content: string | undefined, calls: (readonly string[])[] = []): Helm {
  return {
    run: (args) => {
      calls.push(args);
      const missing = "Error: https://charts.example/x.tgz : 404 Not Found";
      if (content === undefined) return Promise.resolve({ status: 1, stdout: "", stderr: missing });
      writeFileSync(join(args.at(-1) ?? "", "traefik-41.6.0.tgz"), content);
      return Promise.resolve({ status: 0, stdout: "", stderr: "" });
    },
  };
}

it("a chart is pulled once, and kept", async () => {
  const calls: (readonly string[])[] = [];
  const place = { helm: pulling(archive, calls), folder };
  const file = await chartFile(chart, await publicChart(chart), place);
  expect(readFileSync(file, "utf8")).toBe(archive);
  expect(await chartFile(chart, await publicChart(chart), place)).toBe(file);
  expect(calls).toEqual([
    [
      ...["pull", "traefik", "--repo", "https://charts.example", "--version", "41.6.0"],
      ...["--destination", join(folder, "charts", "fetched")],
    ],
  ]);
});

it("another archive than the pinned one is refused, and not kept", async () => {
  const place = { helm: pulling("another"), folder };
  const source = await publicChart(chart);
  await expect(chartFile(chart, source, place)).rejects.toMatchObject({ code: "integrity" });
  expect(() => readFileSync(join(folder, "charts", "traefik-41.6.0.tgz"))).toThrow(/ENOENT/);
});

it("a chart that its host does not have is told as helm tells it", async () => {
  const place = { helm: pulling(undefined), folder };
  await expect(chartFile(chart, await publicChart(chart), place)).rejects.toMatchObject({
    code: "not-found",
    message: expect.stringMatching(/from https:\/\/charts\.example: .*404 Not Found$/) as string,
  });
});

it("charts of an OCI registry are pulled by their address, a mirror's from its folder", async () => {
  const oci = { ...chart, repository: "oci://ghcr.io/traefik/helm" };
  expect(await publicChart(oci)).toMatchObject({
    arguments: ["oci://ghcr.io/traefik/helm/traefik", "--version", "41.6.0"],
  });
  const mirror = { kind: "mirror", kubernetes: "", containerd: "", registry: "" } as const;
  const charts = "https://mirror.example/charts/";
  expect(await mirroredChart({ ...mirror, charts, ca: "./ca.pem" })(chart)).toMatchObject({
    arguments: ["https://mirror.example/charts/traefik-41.6.0.tgz", "--ca-file", "./ca.pem"],
  });
  await expect(mirroredChart(mirror)(chart)).rejects.toThrow("spec.packages.charts is missing");
});
