import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { capabilitiesAnnotation } from "#checkpoint/api/endpoint";
import { leases } from "#kube/resources";
import deleteCommand from "#plugin/commands/endpoint/delete";
import heartbeat from "#plugin/commands/endpoint/heartbeat";
import list from "#plugin/commands/endpoint/list";
import register from "#plugin/commands/endpoint/register";
import show from "#plugin/commands/endpoint/show";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";
import { runCommand } from "./run.ts";

let folder: string;
let kube: FakeKube;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-endpoint-"));
  kube = createFakeKube([
    {
      ...{ apiVersion: "v1", kind: "ConfigMap", data: { "ca.crt": "CA" } },
      metadata: { name: "kube-root-ca.crt", namespace: "default" },
    },
  ]);
  const answer = { token: "secret-token", expirationTimestamp: "2026-11-21T13:00:00Z" };
  kube.answerRaw = () => ({ status: 201, body: JSON.stringify({ status: answer }) });
});
afterEach(() => rm(folder, { recursive: true }));

const run = (command: typeof register, argv: readonly string[]) =>
  runCommand("endpoint", command, argv, { kube: () => Promise.resolve(kube) });
const flags = (out: string) => [
  ...["lab", "--url", "https://lab.example", "--class", "notebook", "--class", "batch"],
  ...["--out", out],
];

it("O1 register keeps the token in a private file and shows it nowhere", async () => {
  const out = join(folder, "lab.kubeconfig");
  for (const format of ["table", "json"]) {
    const { stdout } = await run(register, [...flags(out), "-o", format]);
    expect(stdout).not.toContain("secret-token");
  }
  expect(await readFile(out, "utf8")).toContain("secret-token");
  expect((await stat(out)).mode & 0o777).toBe(0o600);
});

it("O1 heartbeat tells this machine's size, list and show what is known", async () => {
  await run(register, flags(join(folder, "k")));
  await run(heartbeat, ["lab", "--once", "--gpus", "2", "--type", "podman", "--label", "zone=a"]);
  const lease = kube.peek(leases, { namespace: "default", name: "endpoint-lab" });
  const said = JSON.parse(lease?.metadata.annotations?.[capabilitiesAnnotation] ?? "") as object;
  expect(said).toMatchObject({ gpus: 2, type: "podman", labels: { zone: "a" } });
  expect(said).toHaveProperty("memory", expect.stringMatching(/^\d+Mi$/));
  expect((await run(list, [])).stdout).toMatch(/lab\s+unknown\s+\S+\s+notebook,batch/);
  expect((await run(list, ["--class", "notebook"])).stdout).toBe("");
  expect((await run(show, ["lab"])).stdout).toContain("not judged yet");
  await run(deleteCommand, ["lab", "--yes"]);
  await expect(run(show, ["lab"])).rejects.toMatchObject({ code: "not-found" });
});

it("O1 register takes an authority's certificate and no other file", async () => {
  const ca = join(folder, "ca.pem");
  await writeFile(ca, "nothing");
  const out = join(folder, "k");
  await expect(run(register, [...flags(out), "--ca", ca])).rejects.toMatchObject({ code: "usage" });
  await writeFile(ca, "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n");
  await run(register, [...flags(out), "--ca", ca]);
  const bare = ["lab", "--url", "https://lab.example", "--out", out];
  await expect(run(register, bare)).rejects.toMatchObject({ code: "usage" });
});
