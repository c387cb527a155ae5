import type { Toleration } from "#kube/objects";
import { object } from "#kube/schema";
import { generation, label } from "#kube/schema-parts";
import {
  conflict,
  containers,
  flag,
  labelKey,
  longText,
  longTexts,
  mountPath,
  mounts,
  nameWithPlaceholders,
  only,
  podMounts,
  shortText,
  subPath,
  textMap,
  variable,
} from "#webhook/api/schema-parts";
import type {
  EnvFromSource,
  EnvVar,
  HomeItem,
  InjectionItem,
  PodItem,
  SecretItem,
  VolumeItem,
} from "#webhook/api/types";
import { blockStorageClasses } from "#webhook/api/names";

const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true } as const;

const env = object<EnvVar>(
  { name: true },
  { name: variable, value: longText, valueFrom: open },
  only("!has(self.value) || !has(self.valueFrom)", "value and valueFrom exclude each other"),
);

const reference = { name: nameWithPlaceholders, optional: flag };
const envFrom = object<EnvFromSource>(
  {},
  {
    prefix: { ...shortText, pattern: "^([-._a-zA-Z][-._a-zA-Z0-9]*)?$" },
    secretRef: object<NonNullable<EnvFromSource["secretRef"]>>({ name: true }, reference),
    configMapRef: object<NonNullable<EnvFromSource["configMapRef"]>>({ name: true }, reference),
  },
  only("has(self.secretRef) != has(self.configMapRef)", "give either secretRef or configMapRef"),
);

const secret = object<SecretItem>(
  { as: true },
  {
    name: { ...nameWithPlaceholders, description: "One Secret of the pod's namespace." },
    label: { ...labelKey, description: "All Secrets whose label of this key is the user's uid." },
    as: { type: "string", enum: ["Env", "EnvFrom", "Files"] },
    keys: {
      type: "array",
      minItems: 1,
      maxItems: 64,
      items: object<NonNullable<SecretItem["keys"]>[number]>(
        { key: true },
        { key: { type: "string", minLength: 1, maxLength: 253 }, as: shortText },
      ),
    },
    prefix: { ...shortText, pattern: "^([-._a-zA-Z][-._a-zA-Z0-9]*)?$" },
    mountPath,
    optional: { ...flag, description: "Start without the Secret; default true." },
  },
  {
    "x-kubernetes-validations": [
      { rule: "has(self.name) != has(self.label)", message: "give either name or label" },
      {
        rule: "(self.as == 'Files') == has(self.mountPath)",
        message: "mountPath goes with as: Files, which needs it",
      },
      {
        rule: "self.as != 'Env' || has(self.label) || has(self.keys)",
        message: "as: Env needs keys, or a label in place of the name",
      },
      { rule: "self.as != 'EnvFrom' || !has(self.keys)", message: "EnvFrom takes all keys" },
      { rule: "self.as != 'Files' || !has(self.prefix)", message: "files have no prefix" },
    ],
  },
);

const volume = object<VolumeItem>(
  { volume: true, mounts: true },
  { volume: { ...open, properties: { name: label }, required: ["name"] }, mounts },
);

const claim = object<NonNullable<HomeItem["claim"]>>(
  { size: true },
  {
    name: {
      ...nameWithPlaceholders,
      description: "Default home-{user}.",
      ...only(
        "self.contains('{user}')",
        "name must hold {user}: each user has a claim of their own",
      ),
    },
    storageClassName: { ...shortText, minLength: 1 },
    size: {
      type: "string",
      maxLength: 32,
      pattern: "^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?$",
      description: "Such as 10Gi.",
    },
    accessModes: {
      type: "array",
      minItems: 1,
      maxItems: 4,
      items: {
        type: "string",
        enum: ["ReadWriteOnce", "ReadWriteOncePod", "ReadOnlyMany", "ReadWriteMany"],
      },
    },
    deletion: { type: "string", enum: ["Retain", "Delete"], description: "Default Retain." },
  },
  only(
    `!has(self.accessModes) || !has(self.storageClassName) || !(self.storageClassName in [${blockStorageClasses.map((name) => `'${name}'`).join(", ")}]) || !self.accessModes.exists(mode, mode.endsWith('Many'))`,
    "disks of this storageClassName are attached to one node at a time: use ReadWriteOnce, or a class of a shared file system",
  ),
);

const home = object<HomeItem>(
  { mounts: true },
  {
    claim,
    shared: object<NonNullable<HomeItem["shared"]>>(
      { claimName: true, subPath: true },
      { claimName: nameWithPlaceholders, subPath: { ...subPath, minLength: 1 } },
    ),
    mounts,
  },
  only("has(self.claim) != has(self.shared)", "give either claim or shared"),
);

const ours = "k.startsWith('clouder.datalayer.io/')";
const marks = {
  ...textMap,
  ...only(`!self.exists(k, ${ours})`, "keys of clouder.datalayer.io are not a policy's to set"),
};
const wholeContainers = {
  type: "array",
  maxItems: 8,
  items: { ...open, properties: { name: label, image: shortText }, required: ["name", "image"] },
} as const;

const pod = object<PodItem>(
  {},
  {
    serviceAccountName: nameWithPlaceholders,
    automountServiceAccountToken: flag,
    runtimeClassName: { ...shortText, minLength: 1 },
    seccompProfile: object<NonNullable<PodItem["seccompProfile"]>>(
      { type: true },
      {
        type: { type: "string", enum: ["RuntimeDefault", "Localhost", "Unconfined"] },
        localhostProfile: shortText,
      },
      only("(self.type == 'Localhost') == has(self.localhostProfile)", "Localhost needs a profile"),
    ),
    nodeSelector: textMap,
    tolerations: {
      type: "array",
      maxItems: 32,
      items: object<Toleration>(
        {},
        {
          key: { type: "string", maxLength: 317 },
          operator: { type: "string", enum: ["Exists", "Equal"] },
          value: shortText,
          effect: { type: "string", enum: ["", "NoSchedule", "PreferNoSchedule", "NoExecute"] },
          tolerationSeconds: generation,
        },
      ),
    },
    labels: marks,
    annotations: marks,
    initContainers: wholeContainers,
    containers: wholeContainers,
    imagePullSecrets: {
      type: "array",
      maxItems: 16,
      items: object<{ readonly name: string }>({ name: true }, { name: nameWithPlaceholders }),
    },
    command: longTexts,
    args: longTexts,
  },
);

const kinds = ["env", "envFrom", "secret", "volume", "mounts", "home", "pod"];

export const item = object<InjectionItem>(
  { name: true },
  {
    name: { ...label, description: "Appears in warnings, audit annotations and inject explain." },
    conflict,
    containers,
    env: {
      type: "array",
      minItems: 1,
      maxItems: 64,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: env,
    },
    envFrom: { type: "array", minItems: 1, maxItems: 16, items: envFrom },
    secret,
    volume,
    mounts: podMounts,
    home,
    pod,
  },
  only(
    `[${kinds.map((kind) => `has(self.${kind})`).join(", ")}].filter(given, given).size() == 1`,
    `give exactly one of ${kinds.join(", ")}`,
  ),
);
