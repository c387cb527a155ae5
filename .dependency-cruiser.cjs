/** The arrows of ARCHITECTURE.md, checked by `npm run architecture`. */
const sdks = "^node_modules/(@aws-sdk|@smithy|@azure|@kubernetes|ssh2)/";

/** Files that may import an SDK: one place each. */
const drivers = [
  "^kube/client\\.ts$",
  "^checkpoint/stores/(s3|azblob)[a-z-]*\\.ts$",
  "^bootstrap/nodes/ssh[a-z-]*\\.ts$",
  "^bootstrap/providers/(aws|azure)/",
];

const rooms = (from, ...allowed) => ({
  name: `${from}-arrows`,
  severity: "error",
  comment: `${from}/ may import ${["itself", ...allowed].join(", ")} and no other room`,
  from: { path: `^${from}/` },
  to: {
    path: "^(core|kube|checkpoint|bootstrap|webhook|plugin|test)/",
    pathNot: `^(${[from, ...allowed].join("|")})/`,
  },
});

module.exports = {
  forbidden: [
    rooms("core"),
    rooms("kube", "core"),
    rooms("checkpoint", "core", "kube"),
    rooms("bootstrap", "core", "kube"),
    // Names and types of the checkpoint kinds are public; their machinery is not.
    rooms("webhook", "core", "kube", "checkpoint/api"),
    rooms("plugin", "core", "kube", "checkpoint", "bootstrap", "webhook"),
    {
      name: "work-knows-no-controller",
      severity: "error",
      comment:
        "what runs on a node or for a user follows rules that the controller follows too: they lie in neutral rooms (checkpoint/api, checkpoint/compatibility), not in the controller's",
      from: { path: "^checkpoint/(api|archive|compatibility|stores|engine|agent|handler)/" },
      to: { path: "^checkpoint/controller/" },
    },
    {
      name: "neutral-rooms-stay-neutral",
      severity: "error",
      from: { path: "^checkpoint/(api|compatibility)/" },
      to: { path: "^checkpoint/", pathNot: "^checkpoint/(api|compatibility)/" },
    },
    {
      name: "core-needs-nothing",
      severity: "error",
      comment: "core/ imports Node's own modules only",
      from: { path: "^core/" },
      to: { path: "^node_modules/" },
    },
    {
      name: "nobody-imports-tests",
      severity: "error",
      from: { pathNot: "^test/" },
      to: { path: "^test/" },
    },
    {
      name: "nobody-imports-commands",
      severity: "error",
      comment: "commands are loaded by name from the catalog; original spellings are other names",
      from: { pathNot: "^(test|plugin/commands/(k8s|kubeadm))/" },
      to: { path: "^plugin/commands/" },
    },
    {
      name: "sdks-in-drivers",
      severity: "error",
      comment: "an SDK is imported by its driver only; everybody else goes through the port",
      from: { pathNot: ["^test/", "^node_modules/", ...drivers] },
      to: { path: sdks },
    },
    {
      name: "drivers-lazily",
      severity: "error",
      comment:
        "whoever imports a driver that loads an SDK does it by import(), so that only its users pay",
      from: { path: "^(core|kube|checkpoint|bootstrap|webhook|plugin)/", pathNot: drivers },
      to: {
        path: drivers,
        pathNot: "(?:-error|-names|/location)\\.ts$",
        dependencyTypesNot: ["dynamic-import", "type-only"],
      },
    },
    {
      name: "azure-sdks-by-their-first-use",
      severity: "error",
      comment: "megabytes of which a call needs one: azure/clients.ts loads each by import()",
      from: { path: "^bootstrap/" },
      to: {
        path: "^node_modules/@azure/arm-",
        dependencyTypesNot: ["dynamic-import", "type-only"],
      },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: { path: "^(core|kube|checkpoint|bootstrap|webhook|plugin|test)/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "resolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types"],
    },
  },
};
