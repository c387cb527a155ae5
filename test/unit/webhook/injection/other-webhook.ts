import type { Container, Pod } from "#kube/objects";

type Fields = Readonly<Record<string, unknown>>;

/**
 * What another webhook, and the API server with its defaults, may make of a pod between two calls:
 * volumes renamed except the `kept`, lists in another order, things added.
 */
export function meddled(pod: Pod, seed: number, kept: readonly string[] = []): Pod {
  const random = generator(seed);
  const shuffle = <T>(list: readonly T[]) =>
    list
      .map((element) => ({ element, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ element }) => element);
  const names = new Map(
    pod.spec.volumes?.map(({ name }, at) => [name, kept.includes(name) ? name : `renamed-${at}`]),
  );
  const change = ({ env, volumeMounts, ...rest }: Container): Container => ({
    ...rest,
    terminationMessagePath: "/dev/termination-log",
    env: shuffle([...(env ?? []), { name: "OTHER", value: "webhook" }]),
    ...(volumeMounts === undefined
      ? {}
      : {
          volumeMounts: shuffle(volumeMounts).map((mount) => ({
            ...mount,
            name: names.get(mount.name) ?? mount.name,
          })),
        }),
  });
  const { volumes, initContainers, containers, ...spec } = pod.spec;
  const own = volumes?.map((volume) => withDefaults(volume, names.get(volume.name)));
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, other: "webhook" } },
    spec: {
      ...spec,
      securityContext: spec["securityContext"] ?? {},
      containers: shuffle(containers).map(change),
      ...(initContainers ? { initContainers: shuffle(initContainers).map(change) } : {}),
      volumes: shuffle([...(own ?? []), { name: "other", configMap: { name: "other" } }]),
    },
  };
}

function withDefaults(volume: Fields, name = String(volume["name"])) {
  const fill = (key: string, source: unknown): unknown =>
    key === "secret" || key === "projected" || key === "configMap"
      ? { defaultMode: 420, ...(source as object) }
      : source;
  const sources = Object.entries(volume).map(([key, source]) => [key, fill(key, source)]);
  return { ...(Object.fromEntries(sources) as Fields), name };
}

/** Numbers in [0, 1) that follow from the seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
