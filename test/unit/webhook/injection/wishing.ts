import type { Container, Pod, PodSpec } from "#kube/objects";
import type { Wish, WishPart } from "#webhook/injection/wish";

/** A pod of one container `main`, with what is given on top. */
export function podWith(
  spec: Partial<PodSpec> & Readonly<Record<string, unknown>> = {},
  metadata: Partial<Pod["metadata"]> = {},
): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", ...metadata },
    spec: { containers: [{ name: "main", image: "i" }], ...spec },
  };
}

/** A pod whose container `main` has the given fields. */
export function podOf(container: Partial<Container> & Readonly<Record<string, unknown>>): Pod {
  return podWith({ containers: [{ name: "main", image: "i", ...container }] });
}

let count = 0;

/** A wish of policy `p`, of an item of its own, that gives way to the pod. */
export function wish(part: WishPart, rest: Partial<Omit<Wish, "part">> = {}): Wish {
  count += 1;
  return {
    source: { policy: "InjectionPolicy/ns/p", item: `item${count}` },
    conflict: "Keep",
    mergeMode: "Priority",
    containers: {},
    allowReserved: [],
    part,
    ...rest,
  };
}

/** The same, of another policy. */
export function wishOf(policy: string, part: WishPart, rest: Partial<Wish> = {}): Wish {
  return wish(part, { source: { policy: `InjectionPolicy/ns/${policy}`, item: "i" }, ...rest });
}

export function env(name: string, value: string): WishPart {
  return { kind: "env", env: { name, value } };
}

export function secretVolume(name: string, secretName: string, ...paths: string[]): WishPart {
  return {
    kind: "volume",
    volume: { name, secret: { secretName } },
    mounts: paths.map((mountPath) => ({ name, mountPath })),
  };
}

export function scratch(name: string, ...paths: string[]): WishPart {
  return {
    kind: "volume",
    volume: { name, emptyDir: {} },
    mounts: paths.map((mountPath) => ({ name, mountPath })),
  };
}
