import { gzipSync } from "node:zlib";
import { stringify } from "yaml";
import type { Helm } from "#bootstrap/addons/helm/helm";
import type { RunResult } from "#bootstrap/nodes/node-access";
import type { KubeObject } from "#kube/kube";
import { deployments, secrets } from "#kube/resources";
import type { FakeKube } from "#test/fakes/kube";

/** What a revision of a release is said to be. */
export interface FakeRelease {
  readonly name: string;
  readonly namespace: string;
  readonly revision?: number;
  readonly status?: string;
  readonly since?: string;
  readonly chart: { readonly name: string; readonly version: string };
  readonly values: object;
  readonly objects?: readonly KubeObject[];
}

/** The Secret in which Helm keeps a revision. */
export function releaseSecret(of: FakeRelease): KubeObject {
  const { name, namespace, revision = 1, status = "deployed" } = of;
  const stored = {
    ...{ name, namespace, version: revision, config: of.values },
    info: { status, last_deployed: of.since ?? new Date(0).toISOString() },
    chart: { metadata: of.chart },
    manifest: (of.objects ?? []).map((one) => `---\n${stringify(one)}`).join(""),
  };
  const packed = gzipSync(JSON.stringify(stored)).toString("base64");
  return {
    ...{ apiVersion: "v1", kind: "Secret" },
    metadata: {
      ...{ name: `sh.helm.release.v1.${name}.v${revision}`, namespace },
      labels: { owner: "helm", name, status, version: String(revision) },
    },
    data: { release: Buffer.from(packed).toString("base64") },
  } as KubeObject;
}

export interface FakeHelm extends Helm {
  readonly calls: readonly { readonly args: readonly string[]; readonly input?: string }[];
  /** Answers instead of what would be done. */
  fails: ((args: readonly string[]) => string | undefined) | undefined;
}

/** A helm whose charts hold one Deployment, as ready as `ready` says. */
export function createFakeHelm(
  kube: FakeKube,
  chart: { readonly name: string; readonly version: string },
  workload: { readonly name: string; readonly ready: boolean },
): FakeHelm {
  const calls: { args: readonly string[]; input?: string }[] = [];
  const done: RunResult = { status: 0, stdout: "", stderr: "" };
  const fake: FakeHelm = {
    calls,
    fails: undefined,
    run: async (args, input) => {
      calls.push({ args, ...(input !== undefined && { input }) });
      const said = fake.fails?.(args);
      if (said !== undefined) return { status: 1, stdout: "", stderr: said };
      const namespace = args[args.indexOf("--namespace") + 1] ?? "";
      if (args[0] === "upgrade") {
        const object = deploymentOf(workload.name, namespace, workload.ready);
        kube.seed(object);
        const values = JSON.parse(input ?? "{}") as object;
        kube.seed(
          releaseSecret({ name: args[2] ?? "", namespace, chart, values, objects: [object] }),
        );
      }
      if (args[0] === "uninstall") {
        const name = `sh.helm.release.v1.${args[1] ?? ""}.v1`;
        await kube.remove(secrets, { name, namespace });
        await kube.remove(deployments, { name: workload.name, namespace });
      }
      return done;
    },
  };
  return fake;
}

function deploymentOf(name: string, namespace: string, ready: boolean): KubeObject {
  const count = ready ? 1 : 0;
  return {
    ...{ apiVersion: "apps/v1", kind: "Deployment" },
    metadata: { name, namespace, generation: 1 },
    spec: { replicas: 1, selector: { matchLabels: { app: name } } },
    status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: count },
  } as KubeObject;
}
