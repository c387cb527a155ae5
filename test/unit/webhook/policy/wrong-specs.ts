import { wrongVolumes } from "#test/unit/webhook/policy/wrong-volumes";

/** Specs with one mistake each: what `validatePolicy` must say, and whether the API server says so too. */
export interface WrongSpec {
  readonly what: string;
  readonly spec: object;
  /** Of the first problem. */
  readonly path: string;
  /** Only code can tell: the API server takes it. */
  readonly codeOnly?: true;
}

const item = (fields: object): object => ({ inject: [{ name: "a", ...fields }] });
const user = { from: "PodLabel" };
const forUser = (fields: object): object => ({ user, ...item(fields) });
const mounts = [{ mountPath: "/m" }];
const secret = (fields: object): object => forUser({ secret: fields });
const at = "spec.inject[0]";

export const wrongSpecs: readonly WrongSpec[] = [
  { what: "nothing to inject", spec: {}, path: "spec" },
  {
    what: "a field that does not exist",
    spec: { ...item({ env: [{ name: "A" }] }), prio: 1 },
    path: "spec.prio",
  },
  {
    what: "a priority that is a text",
    spec: { preset: "Datalayer", priority: "1" },
    path: "spec.priority",
  },
  { what: "an unknown preset", spec: { preset: "Kubeflow" }, path: "spec.preset" },
  {
    what: "options without a preset",
    spec: { ...item({ env: [{ name: "A" }] }), presetOptions: {} },
    path: "spec.presetOptions",
  },
  {
    what: "leaving out what a preset has not",
    spec: { preset: "Datalayer", presetOptions: { without: ["hom"] } },
    path: "spec.presetOptions.without[0]",
    codeOnly: true,
  },
  {
    what: "namespaceSelector in a namespace",
    spec: { preset: "Datalayer", match: { namespaceSelector: {} } },
    path: "spec.match.namespaceSelector",
  },
  {
    what: "In without values",
    spec: {
      preset: "Datalayer",
      match: { podSelector: { matchExpressions: [{ key: "a", operator: "In" }] } },
    },
    path: "spec.match.podSelector.matchExpressions[0].values",
  },
  {
    what: "Exists with values",
    spec: {
      preset: "Datalayer",
      match: {
        podSelector: { matchExpressions: [{ key: "a", operator: "Exists", values: ["b"] }] },
      },
    },
    path: "spec.match.podSelector.matchExpressions[0].values",
  },
  {
    what: "an unknown operator",
    spec: {
      preset: "Datalayer",
      match: { podSelector: { matchExpressions: [{ key: "a", operator: "Gt" }] } },
    },
    path: "spec.match.podSelector.matchExpressions[0].operator",
  },
  {
    what: "an item of two kinds",
    spec: item({ env: [{ name: "A" }], envFrom: [{ configMapRef: { name: "c" } }] }),
    path: at,
  },
  { what: "an item of no kind", spec: item({}), path: at },
  {
    what: "two items of one name",
    spec: {
      inject: [
        { name: "a", env: [{ name: "A" }] },
        { name: "a", env: [{ name: "B" }] },
      ],
    },
    path: "spec.inject[1].name",
  },
  {
    what: "an item named like the preset's",
    spec: { preset: "Datalayer", inject: [{ name: "home", env: [{ name: "A" }] }] },
    path: "spec.inject[0].name",
    codeOnly: true,
  },
  {
    what: "an item's name that is none",
    spec: { inject: [{ name: "A b", env: [{ name: "A" }] }] },
    path: `${at}.name`,
  },
  {
    what: "a variable's name that is none",
    spec: item({ env: [{ name: "1A" }] }),
    path: `${at}.env[0].name`,
  },
  {
    what: "a reserved variable",
    spec: item({ env: [{ name: "LD_PRELOAD", value: "/x" }] }),
    path: `${at}.env[0].name`,
    codeOnly: true,
  },
  {
    what: "a variable twice",
    spec: item({ env: [{ name: "A" }, { name: "A" }] }),
    path: `${at}.env[1].name`,
  },
  {
    what: "value and valueFrom",
    spec: item({
      env: [{ name: "A", value: "1", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
    }),
    path: `${at}.env[0]`,
  },
  {
    what: "valueFrom nowhere",
    spec: item({ env: [{ name: "A", valueFrom: { vault: "x" } }] }),
    path: `${at}.env[0].valueFrom`,
    codeOnly: true,
  },
  { what: "envFrom of nothing", spec: item({ envFrom: [{}] }), path: `${at}.envFrom[0]` },
  {
    what: "envFrom of both",
    spec: item({ envFrom: [{ secretRef: { name: "a" }, configMapRef: { name: "a" } }] }),
    path: `${at}.envFrom[0]`,
  },
  {
    what: "a Secret by name and label",
    spec: secret({ name: "a", label: "b", as: "EnvFrom" }),
    path: `${at}.secret.name`,
  },
  { what: "a Secret by neither", spec: secret({ as: "EnvFrom" }), path: `${at}.secret.name` },
  {
    what: "files without a folder",
    spec: secret({ name: "a", as: "Files" }),
    path: `${at}.secret.mountPath`,
  },
  {
    what: "variables in a folder",
    spec: secret({ name: "a", as: "EnvFrom", mountPath: "/a" }),
    path: `${at}.secret.mountPath`,
  },
  {
    what: "Env of a named Secret without keys",
    spec: secret({ name: "a", as: "Env" }),
    path: `${at}.secret.keys`,
  },
  {
    what: "EnvFrom with keys",
    spec: secret({ name: "a", as: "EnvFrom", keys: [{ key: "k" }] }),
    path: `${at}.secret.keys`,
  },
  {
    what: "files with a prefix",
    spec: secret({ name: "a", as: "Files", mountPath: "/a", prefix: "P_" }),
    path: `${at}.secret.prefix`,
  },
  {
    what: "a key as a reserved variable",
    spec: secret({ name: "a", as: "Env", keys: [{ key: "k", as: "PATH" }] }),
    path: `${at}.secret.keys[0]`,
    codeOnly: true,
  },
  {
    what: "a file outside of its folder",
    spec: secret({ name: "a", as: "Files", mountPath: "/a", keys: [{ key: "k", as: "../k" }] }),
    path: `${at}.secret.keys[0]`,
    codeOnly: true,
  },
  {
    what: "a Secret's name with a handle",
    spec: secret({ name: "s-{handle}", as: "EnvFrom" }),
    path: `${at}.secret.name`,
  },
  {
    what: "a Secret's name that is none",
    spec: secret({ name: "S_1", as: "EnvFrom" }),
    path: `${at}.secret.name`,
  },
  {
    what: "the user's Secrets of no user",
    spec: item({ secret: { label: "a", as: "EnvFrom" } }),
    path: at,
  },
  {
    what: "the user's Secret of no user",
    spec: item({ secret: { name: "s-{user}", as: "EnvFrom" } }),
    path: at,
  },
  {
    what: "the user's claim of no user",
    spec: item({ home: { claim: { size: "1Gi" }, mounts } }),
    path: at,
  },
  {
    what: "the user's folder of no user",
    spec: item({ home: { shared: { claimName: "s", subPath: "{user}" }, mounts } }),
    path: at,
  },
  {
    what: "the user's name of no user",
    spec: item({ env: [{ name: "A", value: "{user}" }] }),
    path: at,
    codeOnly: true,
  },
  ...wrongVolumes,
];
