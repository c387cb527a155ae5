import type { Condition } from "#kube/conditions";
import { object } from "#kube/schema";

/** Pieces of CRD schemas that several kinds use. */

export const text = { type: "string" } as const;
export const time = { type: "string", format: "date-time" } as const;
export const bytes = { type: "integer", format: "int64", minimum: 0 } as const;
export const milliseconds = { type: "number", minimum: 0 } as const;
export const generation = { type: "integer", format: "int64" } as const;
export const texts = { type: "array", items: text } as const;
export const textMap = { type: "object", additionalProperties: text } as const;
export const openObject = { type: "object", "x-kubernetes-preserve-unknown-fields": true } as const;

export const subdomain = {
  type: "string",
  minLength: 1,
  maxLength: 253,
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
} as const;
export const label = {
  type: "string",
  minLength: 1,
  maxLength: 63,
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
} as const;

export const immutable = (kind: string) => ({
  "x-kubernetes-validations": [
    { rule: "self == oldSelf", message: `spec cannot be changed: make another ${kind}` },
  ],
});

export const conditions = {
  type: "array",
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
  items: object<Condition>(
    { type: true, status: true, reason: true, message: true, lastTransitionTime: true },
    {
      type: { type: "string", maxLength: 316 },
      status: { type: "string", enum: ["True", "False", "Unknown"] },
      reason: { type: "string", maxLength: 1024 },
      message: { type: "string", maxLength: 32768 },
      lastTransitionTime: time,
      observedGeneration: generation,
    },
  ),
} as const;
