import type { WrongSpec } from "#test/unit/webhook/policy/wrong-specs";

const item = (fields: object): object => ({ inject: [{ name: "a", ...fields }] });
const user = { from: "PodLabel" };
const forUser = (fields: object): object => ({ user, ...item(fields) });
const mounts = [{ mountPath: "/m" }];
const home = (claim: object): object =>
  forUser({ home: { claim: { size: "1Gi", ...claim }, mounts } });
const at = "spec.inject[0]";

/** Mistakes of homes, volumes, mounts, pods and the policy as a whole. */
export const wrongVolumes: readonly WrongSpec[] = [
  {
    what: "a home of both sorts",
    spec: forUser({
      home: { claim: { size: "1Gi" }, shared: { claimName: "s", subPath: "{user}" }, mounts },
    }),
    path: `${at}.home`,
  },
  { what: "a home of neither sort", spec: forUser({ home: { mounts } }), path: `${at}.home` },
  {
    what: "a home without mounts",
    spec: forUser({ home: { claim: { size: "1Gi" }, mounts: [] } }),
    path: `${at}.home.mounts`,
  },
  { what: "one claim for all users", spec: home({ name: "home" }), path: `${at}.home.claim.name` },
  { what: "a size that is none", spec: home({ size: "ten" }), path: `${at}.home.claim.size` },
  {
    what: "a size of nothing",
    spec: home({ size: "0Gi" }),
    path: `${at}.home.claim.size`,
    codeOnly: true,
  },
  {
    what: "N4: ReadWriteMany on gp3",
    spec: home({ storageClassName: "gp3", accessModes: ["ReadWriteMany"] }),
    path: `${at}.home.claim.accessModes`,
  },
  {
    what: "N4: ReadWriteMany on managed-csi",
    spec: home({
      storageClassName: "managed-csi",
      accessModes: ["ReadWriteOnce", "ReadWriteMany"],
    }),
    path: `${at}.home.claim.accessModes`,
  },
  {
    what: "N4: ReadOnlyMany on gp3",
    spec: home({ storageClassName: "gp3", accessModes: ["ReadOnlyMany"] }),
    path: `${at}.home.claim.accessModes`,
  },
  {
    what: "a folder outside of the shared claim",
    spec: forUser({ home: { shared: { claimName: "s", subPath: "{user}/../bob" }, mounts } }),
    path: `${at}.home.shared.subPath`,
  },
  {
    what: "an absolute folder of the shared claim",
    spec: forUser({ home: { shared: { claimName: "s", subPath: "/{user}" }, mounts } }),
    path: `${at}.home.shared.subPath`,
  },
  {
    what: "a folder by handle",
    spec: forUser({ home: { shared: { claimName: "s", subPath: "{handle}" }, mounts } }),
    path: at,
  },
  {
    what: "a relative mountPath",
    spec: item({ mounts: [{ name: "v", mountPath: "m" }] }),
    path: `${at}.mounts[0].mountPath`,
  },
  {
    what: "a mountPath with ..",
    spec: item({ mounts: [{ name: "v", mountPath: "/a/../b" }] }),
    path: `${at}.mounts[0].mountPath`,
  },
  {
    what: "a mountPath with a colon",
    spec: item({ mounts: [{ name: "v", mountPath: "/a:b" }] }),
    path: `${at}.mounts[0].mountPath`,
  },
  {
    what: "a mount over everything",
    spec: item({ mounts: [{ name: "v", mountPath: "/" }] }),
    path: `${at}.mounts[0].mountPath`,
    codeOnly: true,
  },
  {
    what: "two mounts on one path",
    spec: item({
      mounts: [
        { name: "v", mountPath: "/m" },
        { name: "w", mountPath: "/m/" },
      ],
    }),
    path: `${at}.mounts[1].mountPath`,
    codeOnly: true,
  },
  {
    what: "a subPath that climbs",
    spec: item({ mounts: [{ name: "v", mountPath: "/m", subPath: "a/.." }] }),
    path: `${at}.mounts[0].subPath`,
  },
  {
    what: "a volume without a name",
    spec: item({ volume: { volume: { emptyDir: {} }, mounts } }),
    path: `${at}.volume.volume.name`,
  },
  {
    what: "a volume of two sources",
    spec: item({ volume: { volume: { name: "v", emptyDir: {}, secret: {} }, mounts } }),
    path: `${at}.volume.volume`,
    codeOnly: true,
  },
  {
    what: "our labels",
    spec: item({ pod: { labels: { "clouder.datalayer.io/inject": "x" } } }),
    path: `${at}.pod.labels`,
  },
  {
    what: "the restore mark",
    spec: item({ pod: { annotations: { "clouder.datalayer.io/restore": "x" } } }),
    path: `${at}.pod.annotations`,
  },
  {
    what: "the user's label",
    spec: item({ pod: { labels: { "runtime-pools.datalayer.io/user-uid": "x" } } }),
    path: `${at}.pod.labels`,
    codeOnly: true,
  },
  {
    what: "a local profile without its name",
    spec: item({ pod: { seccompProfile: { type: "Localhost" } } }),
    path: `${at}.pod.seccompProfile`,
  },
  {
    what: "a container without an image",
    spec: item({ pod: { containers: [{ name: "c" }] } }),
    path: `${at}.pod.containers[0].image`,
  },
  {
    what: "a kind of containers that is none",
    spec: { ...item({ env: [{ name: "A" }] }), containers: { kinds: ["Ephemeral"] } },
    path: "spec.containers.kinds[0]",
  },
  {
    what: "trust in a namespace's label",
    spec: { preset: "Datalayer", user: { from: "Namespace", trusted: { groups: ["g"] } } },
    path: "spec.user.trusted",
  },
  {
    what: "trust in everybody",
    spec: {
      preset: "Datalayer",
      user: { from: "PodLabel", trusted: { groups: ["system:authenticated"] } },
    },
    path: "spec.user.trusted.groups[0]",
  },
  {
    what: "more items than there may be",
    spec: {
      inject: Array.from({ length: 33 }, (_, i) => ({ name: `a${i}`, env: [{ name: "A" }] })),
    },
    path: "spec.inject",
  },
  {
    what: "a value longer than there may be",
    spec: item({ env: [{ name: "A", value: "x".repeat(4097) }] }),
    path: `${at}.env[0].value`,
  },
];
