import fc from "fast-check";
import type { Container, Pod } from "#kube/objects";
import type { ContainerChoice, Volume, VolumeMount } from "#webhook/api/types";
import type { Wish, WishPart } from "#webhook/injection/wish";

/** Pods and wishes out of few names and values, so that they meet often. */

const some = fc.constantFrom;
const volumeNames = ["v1", "v2", "v3"] as const;
const paths = ["/a", "/a/", "/b", "/a/b", "/.c"] as const;

const envVar = fc.record({
  name: some("A", "B", "C", "PATH"),
  value: some("1", "2", "$(A)", "$(B)"),
});
const envSource = fc.record(
  {
    prefix: some("P_", "Q_"),
    secretRef: fc.record(
      { name: some("s1", "s2"), optional: fc.boolean() },
      { requiredKeys: ["name"] },
    ),
  },
  { requiredKeys: ["secretRef"] },
);
const volumeSource = some<object[]>(
  { secret: { secretName: "s1" } },
  { secret: { secretName: "s2", defaultMode: 256 } },
  { persistentVolumeClaim: { claimName: "c" } },
  { emptyDir: {} },
  { emptyDir: { medium: "Memory", sizeLimit: "1Gi" } },
  { projected: { sources: [{ secret: { name: "s1" } }] } },
);
const volume = fc
  .tuple(some(...volumeNames), volumeSource)
  .map(([name, source]): Volume => ({ name, ...source }));
const toleration = fc.record(
  {
    key: some("k1", "k2"),
    operator: some("Exists" as const, "Equal" as const),
    effect: some("NoSchedule", "NoExecute"),
    tolerationSeconds: some(10, 20),
  },
  { requiredKeys: ["key"] },
);
const mapOf = fc.dictionary(some("a", "b/c", "d~e"), some("1", "2"));
const mountOn = (...names: string[]) =>
  fc.record(
    {
      name: some(...names),
      mountPath: some(...paths),
      subPath: some("x", "y"),
      readOnly: fc.boolean(),
    },
    { requiredKeys: ["name", "mountPath"] },
  ) as fc.Arbitrary<VolumeMount>;

const place = (path: string) => path.replace(/(.)\/$/, "$1");

/** `names`: the containers'. With `single`, no variable is there twice. */
function containers(names: readonly string[], volumes: readonly Volume[], single: boolean) {
  const env = single
    ? fc.uniqueArray(envVar, { selector: ({ name }) => name, maxLength: 4 })
    : fc.array(envVar, { maxLength: 4 });
  const mounts =
    volumes.length === 0
      ? fc.constant([])
      : fc.uniqueArray(mountOn(...volumes.map(({ name }) => name)), {
          selector: ({ mountPath }) => place(mountPath),
          maxLength: 3,
        });
  const fields = fc.record(
    {
      image: some("i1", "i2"),
      env,
      envFrom: fc.uniqueArray(envSource, { selector: (one) => JSON.stringify(one), maxLength: 2 }),
      volumeMounts: mounts,
      command: fc.constant(["run"]),
      restartPolicy: fc.constant("Always"),
      unknownField: fc.constant({ kept: [null, 0, ""] }),
    },
    { requiredKeys: ["image"] },
  );
  return fc
    .uniqueArray(some(...names), { maxLength: names.length })
    .chain((chosen) =>
      fc.tuple(...chosen.map((name) => fields.map((rest): Container => ({ name, ...rest })))),
    );
}

export function pods({ single = false } = {}): fc.Arbitrary<Pod> {
  return fc.uniqueArray(volume, { selector: ({ name }) => name, maxLength: 3 }).chain((volumes) =>
    fc
      .record(
        {
          main: containers(["main", "side"], volumes, single),
          init: containers(["init", "proxy"], volumes, single),
          labels: mapOf,
          annotations: mapOf,
          nodeSelector: mapOf,
          tolerations: fc.uniqueArray(toleration, { selector: ({ key }) => key, maxLength: 2 }),
          serviceAccountName: some("default", "own"),
          runtimeClassName: some("own", "r"),
          securityContext: some<object[]>({}, { seccompProfile: { type: "Unconfined" } }),
          imagePullSecrets: fc.constant([{ name: "p1" }]),
          os: some({ name: "linux" }, { name: "windows" }),
          unknownField: fc.constant({ kept: [1, null, { deep: true }] }),
        },
        { requiredKeys: ["main"] },
      )
      .map(({ main, init, labels, annotations, ...spec }): Pod => {
        const own = main.length > 0 ? main : [{ name: "only", image: "i" }];
        return {
          apiVersion: "v1",
          kind: "Pod",
          metadata: {
            name: "p",
            ...(labels ? { labels } : {}),
            ...(annotations ? { annotations } : {}),
          },
          spec: {
            ...spec,
            containers: own,
            ...(init ? { initContainers: init } : {}),
            ...(volumes.length > 0 ? { volumes } : {}),
          },
        };
      }),
  );
}

const wishedVolume = volume.chain((one) =>
  fc
    .uniqueArray(mountOn(one.name), {
      selector: ({ mountPath }) => place(mountPath),
      // A volume of its own that nobody mounts cannot be known again under another name.
      minLength: "emptyDir" in one ? 1 : 0,
      maxLength: 2,
    })
    .map((mounts): WishPart => ({ kind: "volume", volume: one, mounts })),
);

const entry = fc.record({ key: some("a", "b/c", "d~e"), value: some("1", "2") });
const part: fc.Arbitrary<WishPart> = fc.oneof(
  { weight: 3, arbitrary: envVar.map((env): WishPart => ({ kind: "env", env })) },
  { weight: 2, arbitrary: envSource.map((source): WishPart => ({ kind: "envFrom", source })) },
  { weight: 5, arbitrary: wishedVolume },
  mountOn(...volumeNames).map((mount): WishPart => ({ kind: "mounts", mounts: [mount] })),
  some("own", "w").map((name): WishPart => ({ kind: "serviceAccount", name })),
  fc.boolean().map((value): WishPart => ({ kind: "automountToken", value })),
  some("r", "clouder").map((name): WishPart => ({ kind: "runtimeClass", name })),
  fc.constant<WishPart>({ kind: "seccomp", profile: { type: "RuntimeDefault" } }),
  entry.map((one): WishPart => ({ kind: "nodeSelector", ...one })),
  toleration.map((one): WishPart => ({ kind: "toleration", toleration: one })),
  entry.map((one): WishPart => ({ kind: "label", ...one })),
  entry.map((one): WishPart => ({ kind: "annotation", ...one })),
  some("p1", "p2").map((name): WishPart => ({ kind: "imagePullSecret", name })),
  fc
    .tuple(fc.boolean(), some("side", "proxy", "extra"), some("i1", "x"))
    .map(([init, name, image]): WishPart => ({
      kind: "container",
      init,
      container: { name, image },
    })),
  some("command" as const, "args" as const).map((field): WishPart => ({
    kind: "command",
    field,
    value: ["run"],
  })),
);

const choice = fc.record(
  {
    include: some(["ma*", "init"], ["*"]),
    exclude: some(["side"], ["*x*"]),
    kinds: some<ContainerChoice["kinds"][]>(["Main"], ["Init", "Sidecar"]),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<ContainerChoice>;

const rule = some("Keep" as const, "Override" as const, "SkipAndWarn" as const, "Refuse" as const);
const mode = fc.oneof(
  { weight: 6, arbitrary: fc.constant("Priority" as const) },
  { weight: 1, arbitrary: some("PodDefault" as const, "PodPreset" as const) },
);

/** Each of an item of its own. */
export const wishLists: fc.Arbitrary<readonly Wish[]> = fc
  .array(
    fc.record({
      policy: some("p1", "p2", "p3"),
      conflict: rule,
      mergeMode: mode,
      containers: choice,
      part,
    }),
    { maxLength: 8 },
  )
  .map((list) =>
    list.map(({ policy, ...rest }, index): Wish => ({
      ...rest,
      source: { policy, item: `item${index}` },
      allowReserved: [],
    })),
  );
