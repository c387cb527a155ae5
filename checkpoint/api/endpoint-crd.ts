import {
  containerEndpoints,
  type Capabilities,
  type EndpointSpec,
  type EndpointStatus,
} from "#checkpoint/api/endpoint";
import { age, type Definition } from "#kube/crd";
import { object } from "#kube/schema";
import { conditions, generation, label, text, textMap, texts } from "#kube/schema-parts";

const cidr = { type: "string", maxLength: 64, pattern: "^[0-9a-fA-F:.]+/[0-9]{1,3}$" } as const;

const spec = object<EndpointSpec>(
  { url: true, workloadClasses: true, heartbeatSeconds: true },
  {
    url: {
      ...{ type: "string", maxLength: 512, pattern: "^https://[^/?#@]+(/[^?#]*)?$" },
      description: "Where containers are started; https, without credentials.",
    },
    caBundle: {
      ...{ type: "string", maxLength: 65536, pattern: "^[A-Za-z0-9+/=]+$" },
      description: "Authority of its certificate: PEM, base64. Absent: the system's.",
    },
    workloadClasses: {
      ...{ type: "array", minItems: 1, maxItems: 32, items: label },
      "x-kubernetes-list-type": "set",
      description: "What it is for: notebook, batch, …",
    },
    allowedCIDRs: {
      ...{ type: "array", maxItems: 64, items: cidr },
      description: "Every address of the URL's host must lie in one of these. Absent: anywhere.",
    },
    heartbeatSeconds: {
      ...{ type: "integer", minimum: 5 },
      description: "How often it is to be heard; three missed heartbeats end its readiness.",
    },
  },
);

const status = object<EndpointStatus>(
  {},
  {
    observedGeneration: generation,
    capabilities: object<Capabilities>(
      { cpu: true, memory: true, gpus: true, type: true, labels: true },
      { cpu: text, memory: text, gpus: generation, type: text, labels: textMap },
    ),
    availableFor: texts,
    conditions,
  },
);

const ready = '.status.conditions[?(@.type=="Ready")]';

/** The kind as it is applied. */
export const endpointDefinition: Definition = {
  resource: containerEndpoints,
  shortNames: ["ctrep"],
  description: "A machine outside of the cluster that runs containers for this namespace.",
  spec,
  status,
  columns: [
    { name: "URL", type: "string", jsonPath: ".spec.url" },
    { name: "Ready", type: "string", jsonPath: `${ready}.status` },
    { name: "Classes", type: "string", jsonPath: ".spec.workloadClasses" },
    { name: "CPU", type: "string", jsonPath: ".status.capabilities.cpu" },
    { name: "Memory", type: "string", jsonPath: ".status.capabilities.memory" },
    { name: "GPUs", type: "integer", jsonPath: ".status.capabilities.gpus" },
    age,
    { name: "Reason", type: "string", jsonPath: `${ready}.reason`, wide: true },
    { name: "Message", type: "string", jsonPath: `${ready}.message`, wide: true },
  ],
  selectable: [],
  rules: [
    {
      rule: "size(self.metadata.name) <= 40 && !self.metadata.name.contains('.')",
      message: "metadata.name must have at most 40 characters and no dot",
    },
  ],
};
