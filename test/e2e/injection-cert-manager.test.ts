import { afterAll, beforeAll, expect, it } from "vitest";
import { makeTenant, policyOf, tellingPod, underDryRunLoad } from "#test/e2e/injection";
import { eventually, lab } from "#test/e2e/scenario";
import { ensureCertManager } from "#test/lab/cert-manager";
import type { ServerHandle } from "#test/lab/server-process";

/** cert-manager's controllers themselves make the webhook's certificate and fill in its caBundle. */

const cluster = lab();
const namespace = "inj-certs";
const inSystem = ["-n", "clouder-system"];
const install = ["webhook", "install", "--certificates", "cert-manager"];
const api = "cert-manager.io/v1";
let certManager: ServerHandle | undefined;
let kinds: readonly string[] = [];

beforeAll(async () => {
  const part = await ensureCertManager((line) => process.stdout.write(`${line}\n`));
  kinds = part.kinds;
  // Once without it: what is missing is said before anything is changed.
  const early = await cluster.clouder([...install, "--issuer", "ClusterIssuer/lab"], {
    allowFailure: true,
  });
  expect(early.stderr).toMatch(/the cluster has no cert-manager/);
  await cluster.kubectl(["apply", "--server-side", ...kinds.flatMap((file) => ["-f", file])]);
  await cluster.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
  certManager = await part.start(cluster.kubeconfig);
  await makeTenant(cluster, "cert-manager");
  await cluster.apply(
    { apiVersion: api, kind: "ClusterIssuer", metadata: { name: "itself" }, spec: selfSigned },
    {
      apiVersion: api,
      kind: "Certificate",
      metadata: { name: "lab-ca", namespace: "cert-manager" },
      spec: {
        isCA: true,
        commonName: "lab",
        secretName: "lab-ca",
        issuerRef: { kind: "ClusterIssuer", name: "itself" },
      },
    },
    {
      apiVersion: api,
      kind: "ClusterIssuer",
      metadata: { name: "lab" },
      spec: { ca: { secretName: "lab-ca" } },
    },
  );
  await makeTenant(cluster, namespace, "dora");
  await cluster.apply(
    policyOf("inj-certs", {
      match: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } },
      user: { from: "Namespace" },
      inject: [{ name: "region", env: [{ name: "REGION", value: "{user}-1" }] }],
    }),
  );
}, 600_000);

const selfSigned = { selfSigned: {} };

afterAll(async () => {
  await cluster.kubectl(["delete", "clusterinjectionpolicy", "inj-certs", "--ignore-not-found"]);
  await cluster.kubectl(["delete", "namespace", namespace, "cert-manager", "--wait=false"]);
  await cluster.clouder(["webhook", "install"]);
  await certManager?.stop();
  await cluster.kubectl(["delete", ...kinds.flatMap((file) => ["-f", file])]);
}, 240_000);

interface Status {
  readonly configuration: { readonly certificates: string; readonly trusted: boolean };
  readonly replicas: readonly {
    readonly status: { readonly certificate: { readonly fingerprint: string } };
  }[];
  readonly problems: readonly string[];
}

async function status(): Promise<Status> {
  const { stdout } = await cluster.clouder(["webhook", "status", "-o", "json"], {
    allowFailure: true,
  });
  return JSON.parse(stdout) as Status;
}

async function field(of: readonly string[], path: string): Promise<string> {
  const { stdout } = await cluster.kubectl(["get", ...of, "-o", `jsonpath={${path}}`]);
  return stdout;
}
const decoded = (base64: string) => Buffer.from(base64, "base64").toString();
const trusted = async () =>
  decoded(
    await field(
      ["mutatingwebhookconfiguration/clouder-webhook"],
      ".webhooks[0].clientConfig.caBundle",
    ),
  );
const serving = ["secret/clouder-webhook-tls", ...inSystem];

async function injectedRegion(): Promise<string> {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace } };
  const { stdout } = await cluster.kubectl(
    ["create", "--dry-run=server", "-o", "json", "-f", "-"],
    {
      stdin: JSON.stringify({ ...pod, spec: tellingPod() }),
    },
  );
  return /"value": "([a-z]+-1)"/.exec(stdout)?.[1] ?? "none";
}

it("an issuer that is not there ends the installation with the reason, and pods go on being injected", async () => {
  const { status: code, stderr } = await cluster.clouder(
    [...install, "--issuer", "ClusterIssuer/nobody", "--timeout", "15s"],
    { allowFailure: true },
  );
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/certificate being issued did not happen/);
  expect(stderr).toMatch(/describe certificates,certificaterequests/);
  expect(await injectedRegion()).toBe("dora-1");
}, 120_000);

it("M4: cert-manager issues the certificate and injects its authority, and pods are injected", async () => {
  await cluster.clouder([...install, "--issuer", "ClusterIssuer/lab"]);
  expect(await field(serving, ".metadata.annotations.cert-manager\\.io/issuer-name")).toBe("lab");
  // cainjector keeps what was trusted before, so that nothing fails in between.
  expect(await trusted()).toContain(decoded(await field(serving, ".data.ca\\.crt")));
  expect(await injectedRegion()).toBe("dora-1");
  const { configuration, replicas, problems } = await status();
  expect(configuration).toMatchObject({ certificates: "cert-manager", trusted: true });
  expect(problems).toEqual([]);
  const { stdout } = await cluster.kubectl(["get", ...serving, "-o", "json"]);
  const data = (JSON.parse(stdout) as { data: Record<string, string> }).data;
  const served = new Set(replicas.map(({ status: { certificate } }) => certificate.fingerprint));
  const { X509Certificate } = await import("node:crypto");
  const issued = new X509Certificate(Buffer.from(data["tls.crt"] ?? "", "base64"));
  expect(served).toEqual(new Set([issued.fingerprint256]));
}, 240_000);

it("F3: cert-manager renews the certificate under load, and no pod fails or stays bare", async () => {
  const before = (await status()).replicas[0]?.status.certificate.fingerprint;
  const report = await underDryRunLoad(namespace, 100, async () => {
    // What cmctl renew does.
    const condition = {
      type: "Issuing",
      status: "True",
      reason: "ManuallyTriggered",
      message: "asked for by a test",
      lastTransitionTime: new Date().toISOString(),
    };
    const { stdout } = await cluster.kubectl([
      ...["get", "certificate", "clouder-webhook-tls", ...inSystem, "-o", "json"],
    ]);
    const found = JSON.parse(stdout) as { status: { conditions: object[] } };
    found.status.conditions.push(condition);
    await cluster.kubectl(["replace", "--subresource=status", "-f", "-"], {
      stdin: JSON.stringify(found),
    });
    await eventually("the new certificate", async () => {
      const now = (await status()).replicas.map((one) => one.status.certificate.fingerprint);
      return now.includes(before ?? "") ? undefined : now;
    });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
  });
  expect(report.failures).toEqual({});
  expect(report.injected).toBe(report.sent);
  expect(report.sent).toBeGreaterThan(200);
}, 240_000);

it("webhook certificate rotate leaves it to cert-manager, and says how to ask it", async () => {
  const { status: code, stderr } = await cluster.clouder(["webhook", "certificate", "rotate"], {
    allowFailure: true,
  });
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/cmctl renew -n clouder-system clouder-webhook-tls/);
});

it("a change back to own certificates takes cert-manager's Certificate away, and pods are injected", async () => {
  await cluster.clouder(["webhook", "install"]);
  const { stdout } = await cluster.kubectl(["get", "certificates", ...inSystem, "-o", "name"]);
  expect(stdout).toBe("");
  expect((await status()).configuration.certificates).toBe("own");
  await eventually("the controller's own certificate", async () => {
    const own = await field(["secret/clouder-webhook-ca", ...inSystem], ".data.tls\\.crt");
    return (await trusted()).includes(decoded(own).trim()) ? true : undefined;
  });
  expect(await injectedRegion()).toBe("dora-1");
}, 240_000);
