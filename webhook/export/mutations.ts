import type { Toleration } from "#kube/objects";
import { injectionAnnotations } from "#webhook/api/names";
import type { ContainerChoice, EnvFromSource } from "#webhook/api/types";
import { celList, celString, celValue } from "#webhook/export/cel";
import type { WishPart } from "#webhook/injection/wish";

/**
 * One entry of a MutatingAdmissionPolicy's `mutations`. All are JSON patches: apply configurations may
 * not touch atomic lists and references, which most of a pod's fields are.
 */
export interface Mutation {
  readonly patchType: "JSONPatch";
  readonly jsonPatch: { readonly expression: string };
}

/** The mutation for one part, the pod's own being kept; a text says why there is none. */
export function mutationOf(part: WishPart, choice: ContainerChoice): Mutation | string {
  const make = makers[part.kind] as (part: WishPart, choice: ContainerChoice) => string | No;
  const made = make(part, choice);
  if (typeof made === "object") return made.no;
  return { patchType: "JSONPatch", jsonPatch: { expression: made } };
}

interface No {
  readonly no: string;
}

type Makers = {
  readonly [Kind in WishPart["kind"]]: (
    part: Extract<WishPart, { readonly kind: Kind }>,
    choice: ContainerChoice,
  ) => string | No;
};

const makers: Makers = {
  env: ({ env }, choice) =>
    inContainers(choice, {
      field: "env",
      place: "-",
      value: env,
      same: hasField("name", env.name),
    }),
  envFrom: ({ source }, choice) => {
    const kind = source.secretRef ? "secretRef" : "configMapRef";
    const same = `own.?${kind}.?name.orValue('') == ${celString(nameOf(source))}`;
    // The pod's own come later, since the last one wins.
    return inContainers(choice, { field: "envFrom", place: "0", value: source, same });
  },
  volume: ({ volume, mounts }, choice) => {
    const isThere = `object.spec.?volumes.orValue([]).exists(own, ${hasField("name", volume.name)})`;
    const added = [
      appended("volumes", volume),
      ...mounts.map((mount) => {
        const same = hasField("mountPath", mount.mountPath);
        return inContainers(choice, { field: "volumeMounts", place: "-", value: mount, same });
      }),
    ];
    return `${isThere} ? [] : ${added.join(" + ")}`;
  },
  toleration: ({ toleration }) => inPod("tolerations", toleration, sameToleration(toleration)),
  imagePullSecret: ({ name }) => inPod("imagePullSecrets", { name }, hasField("name", name)),
  container: ({ init, container }) =>
    inPod(
      init ? "initContainers" : "containers",
      container,
      hasField("name", String(container["name"])),
    ),
  nodeSelector: ({ key, value }) => inMap("spec", "nodeSelector", key, value),
  label: ({ key, value }) => inMap("metadata", "labels", key, value),
  annotation: ({ key, value }) => inMap("metadata", "annotations", key, value),
  serviceAccount: ({ name }) =>
    unless(
      "!(object.spec.?serviceAccountName.orValue('') in ['', 'default'])",
      add("'/spec/serviceAccountName'", celString(name)),
    ),
  automountToken: ({ value }) =>
    unless(
      "has(object.spec.automountServiceAccountToken)",
      add("'/spec/automountServiceAccountToken'", String(value)),
    ),
  runtimeClass: ({ name }) =>
    unless("has(object.spec.runtimeClassName)", add("'/spec/runtimeClassName'", celString(name))),
  seccomp: ({ profile }) => {
    const made = `(has(object.spec.securityContext) ? [] : [${add("'/spec/securityContext'", "{}")}])`;
    const set = add("'/spec/securityContext/seccompProfile'", celValue(profile));
    return `object.spec.?securityContext.?seccompProfile.hasValue() ? [] : ${made} + [${set}]`;
  },
  mounts: () => ({ no: "mounts of the pod's own volumes depend on what the pod has" }),
  command: () => ({ no: "command and args depend on what the image says" }),
};

function add(path: string, value: string): string {
  return `JSONPatch{op: 'add', path: ${path}, value: ${value}}`;
}

function unless(condition: string, operation: string): string {
  return `${condition} ? [] : [${operation}]`;
}

/** About `own`, an entry of a list. */
function hasField(field: string, value: string): string {
  return `own.?${field}.orValue('') == ${celString(value)}`;
}

function sameToleration(wish: Toleration): string {
  return `${hasField("key", wish.key ?? "")} && ${hasField("effect", wish.effect ?? "")}`;
}

function nameOf(source: EnvFromSource): string {
  return (source.secretRef ?? source.configMapRef)?.name ?? "";
}

function inPod(list: string, value: object, same: string): string {
  return `object.spec.?${list}.orValue([]).exists(own, ${same}) ? [] : ${appended(list, value)}`;
}

function appended(list: string, value: object): string {
  const made = `(has(object.spec.${list}) ? [] : [${add(`'/spec/${list}'`, "[]")}])`;
  return `${made} + [${add(`'/spec/${list}/-'`, celValue(value))}]`;
}

function inMap(parent: "spec" | "metadata", map: string, key: string, value: string): string {
  const at = `object.${parent}`;
  const name = celString(key);
  const made = `(has(${at}.${map}) ? [] : [${add(`'/${parent}/${map}'`, "{}")}])`;
  const path = `'/${parent}/${map}/' + jsonpatch.escapeKey(${name})`;
  return `${name} in ${at}.?${map}.orValue({}) ? [] : ${made} + [${add(path, celString(value))}]`;
}

interface Entry {
  /** A list of each container. */
  readonly field: string;
  /** `0`: in front; `-`: at the end. */
  readonly place: "0" | "-";
  readonly value: object;
  /** Whether `own`, an entry of the list, stands in its place. */
  readonly same: string;
}

function inContainers(choice: ContainerChoice, { field, place, value, same }: Entry): string {
  const { kinds = ["Main", "Init", "Sidecar"] } = choice;
  const lists = [
    ...(kinds.includes("Main") ? ["containers"] : []),
    ...(kinds.includes("Init") || kinds.includes("Sidecar") ? ["initContainers"] : []),
  ];
  const changes = lists.map((list) => {
    const c = `object.spec.${list}[i]`;
    const lacks = `!${c}.?${field}.orValue([]).exists(own, ${same})`;
    const wanted = [...chosen(choice, list, c), lacks].join(" && ");
    const wanting = `lists.range(size(object.spec.?${list}.orValue([]))).filter(i, ${wanted})`;
    const path = `'/spec/${list}/' + string(i) + '/${field}`;
    const made = `${wanting}.filter(i, !has(${c}.${field})).map(i, ${add(`${path}'`, "[]")})`;
    return `${made} + ${wanting}.map(i, ${add(`${path}/${place}'`, celValue(value))})`;
  });
  return changes.length === 0 ? "[]" : changes.join(" + ");
}

/** Conditions about the container `c`, as the webhook chooses. */
function chosen(choice: ContainerChoice, list: string, c: string): readonly string[] {
  const { include, exclude, kinds = ["Init", "Sidecar"] } = choice;
  const matches = (globs: readonly string[]) =>
    globs.length === 0
      ? "false"
      : `${c}.name.matches(${celString(`^(${globs.map(pattern).join("|")})$`)})`;
  const sidecar = `${c}.?restartPolicy.orValue('') == 'Always'`;
  const both = kinds.includes("Init") && kinds.includes("Sidecar");
  const key = celString(injectionAnnotations.skipContainers);
  return [
    `!object.metadata.?annotations[?${key}].orValue('').split(',').exists(name, name.trim() == ${c}.name)`,
    ...(include ? [matches(include)] : []),
    ...(exclude ? [`!${matches(exclude)}`] : []),
    ...(list === "containers" || both
      ? []
      : [kinds.includes("Sidecar") ? sidecar : `!(${sidecar})`]),
  ];
}

function pattern(glob: string): string {
  return glob.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
}

/** For `matchConditions`: the pod's label has one of these values. */
export function hasLabel(key: string, values: readonly string[]): string {
  return `object.metadata.?labels[?${celString(key)}].orValue('') in ${celList(values)}`;
}
