import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import express from "express";

/**
 * Child of the webhook bench: the usual way. Express parses the body, the pod is cloned, the clone
 * changed, and a generic diff by position makes the patch, as fast-json-patch does it (rfc6902's search
 * for the shortest patch is a hundred times slower on a pod's lists). It decides less than ours: no policies, no identity,
 * no metrics.
 */

interface Named {
  readonly name: string;
  env?: unknown[];
  envFrom?: unknown[];
  volumeMounts?: unknown[];
}

interface Pod {
  readonly metadata: {
    annotations?: Record<string, string>;
    readonly labels: Record<string, string>;
  };
  readonly spec: {
    containers: Named[];
    initContainers?: Named[];
    volumes?: unknown[];
    nodeSelector?: Record<string, string>;
  };
}

function mutate(pod: Pod): void {
  const user = pod.metadata.labels["runtime-pools.datalayer.io/user-uid"] ?? "";
  const { spec } = pod;
  const annotations = (pod.metadata.annotations ??= {});
  annotations["example.com/injected"] = "user,region,token,home,keys,pool";
  annotations["example.com/user"] = user;
  spec.nodeSelector = { ...spec.nodeSelector, "example.com/pool": "notebooks" };
  (spec.volumes ??= []).push(
    { name: "home", persistentVolumeClaim: { claimName: `home-${user}` } },
    { name: "keys", secret: { secretName: `keys-${user}`, optional: true } },
  );
  const token = { secretRef: { name: `token-${user}`, optional: true } };
  for (const container of spec.initContainers ?? []) (container.envFrom ??= []).push(token);
  for (const [index, container] of spec.containers.entries()) {
    (container.env ??= []).push({ name: "CLOUDER_USER", value: user });
    (container.envFrom ??= []).push(token);
    (container.volumeMounts ??= []).push({ name: "home", mountPath: "/home/jovyan" });
    if (index > 0) continue;
    container.env.push({ name: "CLOUDER_REGION", value: "eu-central-1" });
    container.volumeMounts.push({ name: "keys", mountPath: "/run/keys", readOnly: true });
  }
}

type Fields = Record<string, unknown>;

function difference(before: unknown, after: unknown): object[] {
  const operations: object[] = [];
  compare(before as Fields, after as Fields, "", operations);
  return operations;
}

function compare(before: Fields, after: Fields, path: string, operations: object[]): void {
  const old = Object.keys(before);
  for (const key of old.reverse()) {
    const place = `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const was = before[key];
    const is = after[key];
    if (!Object.hasOwn(after, key)) operations.push({ op: "remove", path: place });
    else if (isObject(was) && isObject(is) && Array.isArray(was) === Array.isArray(is)) {
      compare(was, is, place, operations);
    } else if (was !== is) {
      operations.push({ op: "replace", path: place, value: structuredClone(is) });
    }
  }
  for (const key of Object.keys(after)) {
    if (Object.hasOwn(before, key)) continue;
    const place = `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    operations.push({ op: "add", path: place, value: structuredClone(after[key]) });
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

const [folder = ""] = process.argv.slice(2);
const app = express();
app.use(express.json({ limit: 7 << 20 }));
app.post("/mutate", (request, response) => {
  const review = request.body as { readonly request: { readonly uid: string; object: Pod } };
  const pod = review.request.object;
  const changed = structuredClone(pod);
  mutate(changed);
  const patch = Buffer.from(JSON.stringify(difference(pod, changed))).toString("base64");
  response.json({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid: review.request.uid, allowed: true, patchType: "JSONPatch", patch },
  });
});
const server = createServer(
  {
    cert: readFileSync(join(folder, "tls.crt")),
    key: readFileSync(join(folder, "tls.key")),
    keepAliveTimeout: 120_000,
  },
  app as never,
);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  process.stdout.write(`listening ${String(port)}\n`);
});
