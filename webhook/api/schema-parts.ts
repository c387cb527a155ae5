import type { Rule } from "#kube/schema";
import { object } from "#kube/schema";
import { label } from "#kube/schema-parts";
import type { ContainerChoice, LabelSelector, Mount, VolumeMount } from "#webhook/api/types";

/** Pieces of the policies' schemas. Everything is bounded: the API server's budget for CEL counts it. */

export const flag = { type: "boolean" } as const;
export const shortText = { type: "string", maxLength: 253 } as const;
export const longText = { type: "string", maxLength: 4096 } as const;
export const shortTexts = { type: "array", maxItems: 64, items: shortText } as const;
export const longTexts = { type: "array", maxItems: 64, items: longText } as const;
export const labelKey = { type: "string", minLength: 1, maxLength: 317 } as const;
export const textMap = {
  type: "object",
  maxProperties: 32,
  additionalProperties: { type: "string", maxLength: 1024 },
} as const;

/** Names of objects that may hold placeholders, but for `{handle}`, which nobody vouches for. */
export const nameWithPlaceholders = {
  type: "string",
  minLength: 1,
  maxLength: 253,
  pattern: "^([-a-z0-9.]|\\{(user|namespace|organization|team|slot)\\})+$",
} as const;
export const variable = {
  type: "string",
  minLength: 1,
  maxLength: 253,
  pattern: "^[-._a-zA-Z][-._a-zA-Z0-9]*$",
} as const;

export const only = (rule: string, message: string): { "x-kubernetes-validations": Rule[] } => ({
  "x-kubernetes-validations": [{ rule, message }],
});

const noDots = "!self.contains('/../') && !self.endsWith('/..') && !self.startsWith('../')";

export const mountPath = {
  type: "string",
  minLength: 1,
  maxLength: 512,
  "x-kubernetes-validations": [
    {
      rule: `self.startsWith('/') && ${noDots} && !self.contains(':')`,
      message: "mountPath must be absolute and hold neither .. nor a colon",
    },
  ],
} as const;
export const subPath = {
  type: "string",
  maxLength: 512,
  "x-kubernetes-validations": [
    {
      rule: `!self.startsWith('/') && self != '..' && ${noDots}`,
      message: "subPath must be relative and hold no ..",
    },
    {
      rule: "!self.contains('{handle}')",
      message:
        "subPath must not hold {handle}, which is whatever the pod's author says: use {user}",
    },
  ],
} as const;

const mount = { mountPath, subPath, readOnly: flag };

export const mounts = {
  type: "array",
  minItems: 1,
  maxItems: 16,
  items: object<Mount>({ mountPath: true }, mount),
} as const;

export const podMounts = {
  type: "array",
  minItems: 1,
  maxItems: 16,
  items: object<VolumeMount>(
    { name: true, mountPath: true },
    {
      ...mount,
      name: { ...label, description: "Of a volume that the pod has, or another item brings." },
      mountPropagation: { type: "string", enum: ["None", "HostToContainer"] },
    },
  ),
} as const;

export const selector = object<LabelSelector>(
  {},
  {
    matchLabels: textMap,
    matchExpressions: {
      type: "array",
      maxItems: 32,
      items: object<NonNullable<LabelSelector["matchExpressions"]>[number]>(
        { key: true, operator: true },
        {
          key: labelKey,
          operator: { type: "string", enum: ["In", "NotIn", "Exists", "DoesNotExist"] },
          values: shortTexts,
        },
        only(
          "self.operator in ['In', 'NotIn'] ? has(self.values) && self.values.size() > 0 : !has(self.values) || self.values.size() == 0",
          "In and NotIn need values, Exists and DoesNotExist take none",
        ),
      ),
    },
  },
);

export const containers = object<ContainerChoice>(
  {},
  {
    include: { ...shortTexts, description: "Names, in which * matches anything; absent: all." },
    exclude: shortTexts,
    kinds: {
      type: "array",
      maxItems: 3,
      items: { type: "string", enum: ["Main", "Init", "Sidecar"] },
      description: "Sidecar: an init container with restartPolicy Always. Absent: all three.",
    },
  },
);

export const conflict = {
  type: "string",
  enum: ["Keep", "Override", "Refuse", "SkipAndWarn"],
  description: "What happens when the pod has something else in the place.",
} as const;
