import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "#kube/kube";
import install from "#plugin/commands/install";
import rotate from "#plugin/commands/webhook/certificate/rotate";
import webhookInstall from "#plugin/commands/webhook/install";
import webhookUninstall from "#plugin/commands/webhook/uninstall";
import { replicasResult, webhookStatusResult } from "#plugin/output/webhook";
import { renderResult } from "#plugin/output/print";
import { runCommand } from "#test/unit/plugin/commands/run";
import { replicaStatus } from "#test/unit/webhook/install/cluster";

const documents = (text: string) =>
  parseAllDocuments(text).map((one) => one.toJS() as KubeObject & Record<string, unknown>);

describe("webhook install --dry-run", () => {
  it("prints the objects as kubectl applies them, and asks no cluster", async () => {
    const argv = [
      "--dry-run",
      "-o",
      "yaml",
      "--failure-policy",
      "Ignore",
      "--webhook-timeout",
      "3",
    ];
    const kube = () => Promise.reject(new Error("asked"));
    const { stdout } = await runCommand("webhook:install", webhookInstall, argv, { kube });
    const objects = documents(stdout);
    expect(objects.at(-1)).toMatchObject({
      kind: "MutatingWebhookConfiguration",
      webhooks: [{ failurePolicy: "Ignore", timeoutSeconds: 3 }],
    });
    expect(objects[0]?.kind).toBe("Namespace");
    // Not every tool that reads manifests knows anchors, and people do not like them.
    expect(stdout).not.toMatch(/[&*]a\d+/);
  });

  it.each([
    [["--webhook-timeout", "31"], /timeout 31 is out of range/],
    [["--replicas", "0"], /replicas 0 is out of range/],
    [["--failure-policy", "Maybe"], /failure-policy/],
    [["--certificates", "cert-manager"], /needs an issuer/],
    [["--issuer", "Issuer/a"], /of no use to own certificates/],
    [["--exclude-namespace", "A"], /no name of a namespace/],
    [["--user-label", "a b"], /no label key/],
    [["--image", "a b"], /no image name/],
  ])("refuses %j", async (argv, message) => {
    const run = runCommand("webhook:install", webhookInstall, ["--dry-run", ...argv]);
    await expect(run).rejects.toThrow(message);
    await expect(run).rejects.toMatchObject({ code: "usage" });
  });
});

describe("install --dry-run", () => {
  const kinds = async (...argv: readonly string[]) => {
    const { stdout } = await runCommand("install", install, ["--dry-run", "-o", "yaml", ...argv]);
    return documents(stdout).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  };

  it("has the webhook with the rest, and nothing twice", async () => {
    const all = await kinds();
    expect(all).toContain("Deployment/clouder-webhook");
    expect(all).toContain("DaemonSet/clouder-agent");
    expect(all.at(-1)).toBe("MutatingWebhookConfiguration/clouder-webhook");
    expect(all.filter((one) => one.startsWith("Namespace/"))).toHaveLength(1);
  });

  it("leaves it out when it is told to", async () => {
    expect((await kinds("--no-webhook")).join()).not.toMatch(/webhook|injection/);
  });
});

it("webhook uninstall --purge asks first, and takes no for an answer", async () => {
  const asked: string[] = [];
  const confirm = (question: string) => {
    asked.push(question);
    return Promise.resolve(false);
  };
  const run = runCommand("webhook:uninstall", webhookUninstall, ["--purge"], { confirm });
  await expect(run).rejects.toMatchObject({ code: "cancelled" });
  expect(asked).toEqual(["Delete 0 injection policies from https://fake.invalid?"]);
});

it("webhook certificate rotate without a webhook says what to do", async () => {
  await expect(runCommand("webhook:certificate:rotate", rotate, [])).rejects.toMatchObject({
    code: "not-found",
    hint: expect.stringContaining("webhook install") as string,
  });
});

describe("webhook status", () => {
  const replicas = [
    {
      pod: "w-1",
      node: "n1",
      status: replicaStatus("w-1", {
        calls: { patched: 5, fault_denied: 2 },
        lastErrors: [{ time: "2026-01-01T00:00:00Z", message: "no answer" }],
      }),
    },
    { pod: "w-2", node: undefined, problem: "the pod is Pending" },
  ];

  it("shows dates, calls, faults, times and last errors; problems end it with 1", async () => {
    const result = webhookStatusResult({
      configuration: {
        failurePolicy: "Fail",
        timeoutSeconds: 5,
        trusted: true,
        certificates: "own",
      },
      replicas,
      problems: ["w-2: the pod is Pending"],
    });
    expect(result.exitCode).toBe(1);
    const { stdout } = await renderResult(result, "table");
    expect(stdout).toMatch(/Failure policy: +Fail/);
    expect(stdout).toMatch(/Certificates: +own/);
    expect(stdout).toMatch(/w-1 +n1 +yes +1970-01-31T00:00:00\.000Z .* 7 +2 +1\.25 +90 +1\.0\.0/);
    expect(stdout).toContain("Problems:\n  w-2: the pod is Pending");
    expect(stdout).toContain("Last errors:\n  2026-01-01T00:00:00Z w-1: no answer");
  });

  it("ends with 0 when all is well, and is complete as JSON", async () => {
    const well = { replicas: replicas.slice(0, 1), problems: [] };
    const result = webhookStatusResult(well);
    expect(result.exitCode).toBe(0);
    expect(JSON.parse((await renderResult(result, "json")).stdout)).toEqual(well);
  });

  it("after a rotation the replicas are a table", async () => {
    const { stdout } = await renderResult(replicasResult(replicas), "wide");
    expect(stdout).toContain("AA:BB");
  });
});
