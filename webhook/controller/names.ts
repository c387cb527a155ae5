import { apiGroup } from "#checkpoint/api/names";

/** On a Secret: it goes into the index although no policy names one of its labels. */
export const indexedLabel = `${apiGroup}/indexed`;

export const controllerAnnotations = {
  /** On a claim: the policy it was made for, as `InjectionPolicy/namespace/name`. */
  policy: `${apiGroup}/policy`,
  item: `${apiGroup}/policy-item`,
  /** On an index: how many Secrets did not fit. */
  leftOut: `${apiGroup}/secrets-left-out`,
} as const;

/** Reasons of Events and conditions, which people search for. */
export const reasons = {
  made: "ClaimMade",
  classMissing: "StorageClassMissing",
  accessMode: "AccessModeUnsupported",
  quota: "QuotaExceeded",
  otherUser: "ClaimOfAnotherUser",
  unknownUser: "ClaimOfNobody",
  refused: "ClaimRefused",
} as const;

export type ClaimTrouble = Exclude<(typeof reasons)[keyof typeof reasons], "ClaimMade">;
