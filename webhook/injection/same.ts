import { parseQuantity } from "#kube/quantity";

/**
 * Whether two pieces of a pod say the same. What a policy says and what stands in the pod differ by
 * the API server's defaults and its way of writing quantities: an injected
 * `secret: {secretName: s}` comes back with `defaultMode: 420` when the webhook is called again.
 */
export function sameContent(a: unknown, b: unknown): boolean {
  return a === b || sameValue("", a, b);
}

/** The same for two objects, leaving out the field that names them. */
export function sameButName(a: object, b: object): boolean {
  return covered(a, b, "name") && uncovered(b, a, "name");
}

function sameValue(key: string, a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((child, index) => sameValue("", child, b[index]))
    );
  }
  if (isObject(a)) return isObject(b) && covered(a, b) && uncovered(b, a);
  return quantities.has(key) && sameQuantity(a, b);
}

/** Every field of `a` is in `b` with the same content, or is a default. */
function covered(a: object, b: object, except?: string): boolean {
  for (const key in a) {
    if (key === except) continue;
    const value = (a as Fields)[key];
    const other = Object.hasOwn(b, key) ? (b as Fields)[key] : undefined;
    if (other === undefined ? !isDefault(key, value) : !sameValue(key, value, other)) return false;
  }
  return true;
}

/** Every field that only `b` has is a default. */
function uncovered(b: object, a: object, except?: string): boolean {
  for (const key in b) {
    if (key !== except && !Object.hasOwn(a, key) && !isDefault(key, (b as Fields)[key])) {
      return false;
    }
  }
  return true;
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What the API server fills in, in volumes and references; zero values count besides. */
const defaults: Readonly<Record<string, readonly unknown[]>> = {
  apiVersion: ["v1"],
  defaultMode: [420],
  expirationSeconds: [3600],
  volumeMode: ["Filesystem"],
  divisor: ["0"],
  pullPolicy: ["Always", "IfNotPresent"],
  operator: ["Equal"],
  iscsiInterface: ["default"],
  cachingMode: ["ReadWrite"],
  kind: ["Shared"],
  fsType: ["ext4"],
  recursiveReadOnly: ["Disabled"],
  mountPropagation: ["None"],
};

function isDefault(key: string, value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  if (Object.hasOwn(defaults, key)) return defaults[key]?.includes(value) ?? false;
  if (Array.isArray(value)) return value.length === 0;
  // A volume without a source is an emptyDir.
  return key === "emptyDir" && isObject(value) && Object.keys(value).length === 0;
}

const quantities: ReadonlySet<string> = new Set(["sizeLimit", "storage", "divisor"]);

function sameQuantity(a: unknown, b: unknown): boolean {
  const size = quantity(a);
  return size !== undefined && size === quantity(b);
}

function quantity(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  const size = typeof value === "string" ? parseQuantity(value) : NaN;
  return Number.isNaN(size) ? undefined : size;
}
