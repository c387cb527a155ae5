import { ClouderError } from "#core/error";
import type { ObjectMeta } from "#kube/kube";
import type { Pod } from "#kube/objects";
import { readDocument } from "#plugin/cli/read-document";
import type { Creator } from "#webhook/policy/request";

/** A pod out of a file, with what the file says of its creation. */
export interface PodFile {
  readonly pod: Pod;
  readonly namespace?: string;
  /** Of an AdmissionReview, or the controller of a workload. */
  readonly creator?: Creator;
}

interface Document {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: ObjectMeta;
  readonly spec?: {
    readonly template?: Template;
    readonly jobTemplate?: { readonly spec?: { readonly template?: Template } };
  };
  readonly request?: {
    readonly object?: Pod;
    readonly namespace?: string;
    readonly userInfo?: Partial<Creator>;
  };
}

interface Template {
  readonly metadata?: Partial<ObjectMeta>;
  readonly spec?: Pod["spec"];
}

/** Reads a Pod, a workload's pod template or an AdmissionReview; `-` is standard input. */
export async function readPod(path: string): Promise<PodFile> {
  const { parseDocument } = await import("yaml");
  const parsed = parseDocument(await readDocument(path));
  const [problem] = parsed.errors;
  if (problem) throw new ClouderError("usage", `${path} is no YAML: ${problem.message}`);
  const document = (parsed.toJS() ?? {}) as Document;
  const found = document.kind === "AdmissionReview" ? reviewed(document) : given(document);
  if (found && hasContainers(found.pod)) return found;
  const what = document.kind === undefined ? "no Kubernetes object" : `a ${document.kind}`;
  throw new ClouderError("usage", `${path} holds ${what}, and no pod with containers`, {
    hint: "give a Pod, a Deployment, StatefulSet, DaemonSet, Job or CronJob, or an AdmissionReview",
  });
}

function reviewed({ request }: Document): PodFile | undefined {
  if (!request?.object) return undefined;
  const { object, namespace, userInfo } = request;
  const { username, groups = [] } = userInfo ?? {};
  return {
    pod: withMetadata(object),
    ...(namespace === undefined ? {} : { namespace }),
    ...(username === undefined ? {} : { creator: { ...userInfo, username, groups } }),
  };
}

function given(document: Document): PodFile | undefined {
  const { kind, metadata } = document;
  const pod =
    kind === "Pod" ? withMetadata(document as unknown as Partial<Pod>) : templated(document);
  if (!pod) return undefined;
  const controller = kind === undefined ? undefined : controllers[kind];
  return {
    pod,
    ...(metadata?.namespace === undefined ? {} : { namespace: metadata.namespace }),
    ...(controller === undefined ? {} : { creator: controllerAccount(controller) }),
  };
}

/** Who makes the pods of Kubernetes' own workloads. */
const controllers: Readonly<Record<string, string>> = {
  Deployment: "replicaset-controller",
  ReplicaSet: "replicaset-controller",
  ReplicationController: "replication-controller",
  StatefulSet: "statefulset-controller",
  DaemonSet: "daemon-set-controller",
  Job: "job-controller",
  CronJob: "job-controller",
};

/** With the groups that the API server gives it. */
function controllerAccount(name: string): Creator {
  const accounts = "system:serviceaccounts";
  return {
    username: `system:serviceaccount:kube-system:${name}`,
    groups: [accounts, `${accounts}:kube-system`, "system:authenticated"],
  };
}

/** The pod that the workload's controller would make: it belongs to the workload. */
function templated({ apiVersion = "v1", kind = "", metadata, spec }: Document): Pod | undefined {
  const template = spec?.jobTemplate?.spec?.template ?? spec?.template;
  if (!template?.spec) return undefined;
  const name = metadata?.name ?? "pod";
  const ownerReferences = [{ apiVersion, kind, name, uid: "", controller: true }];
  const meta = { ...template.metadata, name: "", generateName: `${name}-`, ownerReferences };
  return { apiVersion: "v1", kind: "Pod", metadata: meta, spec: template.spec };
}

/** Before the API server has seen a pod, it may lack whatever a type says. */
function withMetadata(pod: Partial<Pod>): Pod {
  const metadata = { name: "", ...pod.metadata };
  return { ...(pod as Pod), metadata };
}

function hasContainers(pod: { readonly spec?: { readonly containers?: unknown } }): boolean {
  return Array.isArray(pod.spec?.containers);
}
