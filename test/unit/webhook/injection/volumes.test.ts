import { describe, expect, it } from "vitest";
import { inject } from "#webhook/injection/inject";
import { placeOf } from "#webhook/injection/mounts";
import { checked, injected } from "./law.ts";
import { podWith, scratch, secretVolume, wish, wishOf } from "./wishing.ts";

const secret = (name: string, secretName: string) => ({ name, secret: { secretName } });
const mountedAt = (name: string, mountPath: string) => ({
  volumes: [secret(name, "s")],
  containers: [{ name: "main", image: "i", volumeMounts: [{ name, mountPath }] }],
});

it.each([
  ["/a", "/a"],
  ["/a/", "/a"],
  ["//a/./b/../c", "/a/c"],
  ["a", "/a"],
  ["/", "/"],
  ["/.cache/", "/.cache"],
])("%s and %s are one place", (path, place) => {
  expect(placeOf(path, false)).toBe(place);
});

it("F15: paths of Windows have backslashes, drives and no case", () => {
  expect(placeOf(String.raw`C:\Data\x`, true)).toBe("/data/x");
});

describe("volumes", () => {
  it("one volume is mounted several times, with several subPaths", () => {
    const mounts = ["a", "b"].map((sub) => ({ name: "v", mountPath: `/${sub}`, subPath: sub }));
    const volume = { name: "v", persistentVolumeClaim: { claimName: "c" } };
    const after = injected(podWith(), wish({ kind: "volume", volume, mounts }));
    expect(after.spec.volumes).toEqual([volume]);
    expect(after.spec.containers[0]?.volumeMounts).toEqual(mounts);
  });

  it("F5: the same content under another name is mounted from there", () => {
    const pod = podWith(mountedAt("theirs", "/other"));
    const { operations } = checked(pod, [wish(secretVolume("ours", "s", "/s"))]);
    const value = { name: "theirs", mountPath: "/s" };
    expect(operations).toEqual([{ op: "add", path: "/spec/containers/0/volumeMounts/-", value }]);
  });

  it("two emptyDirs of equal content are two volumes", () => {
    const pod = podWith({ volumes: [{ name: "theirs", emptyDir: {} }] });
    const after = injected(pod, wish(scratch("ours", "/s")));
    expect(after.spec.volumes?.map(({ name }) => name)).toEqual(["theirs", "ours"]);
  });

  it("a name that belongs to something else leads to another name, the same for every pod", () => {
    const pod = podWith({ volumes: [secret("v", "theirs")] });
    const wanted = wish(secretVolume("v", "ours", "/s"));
    const { after } = checked(pod, [wanted]);
    const again = checked(podWith({ volumes: [{ name: "v", emptyDir: {} }] }), [wanted]).after;
    const name = after.spec.volumes?.[1]?.name;
    expect(name).toMatch(/^v-[0-9a-f]{8}$/);
    expect(again.spec.volumes?.[1]?.name).toBe(name);
  });

  it("Kubeflow's mode refuses a second volume of the name, PodPreset's leaves the pod untouched", () => {
    const pod = podWith({ volumes: [secret("v", "theirs")] });
    const ours = secretVolume("v", "ours", "/s");
    const strict = wish(ours, { mergeMode: "PodDefault", conflict: "Refuse" });
    expect(inject(pod, [strict]).refusal).toContain("volumes/v");
    expect(checked(pod, [wish(ours, { mergeMode: "PodPreset" })]).operations).toEqual([]);
  });

  it("what no container mounts is not added", () => {
    const pod = podWith(mountedAt("theirs", "/s/"));
    const { operations, outcomes } = checked(pod, [wish(secretVolume("ours", "s2", "/s"))]);
    expect(operations).toEqual([]);
    expect(outcomes.map(({ result }) => result)).toEqual(["kept"]);
  });

  it("a nested path is no conflict, and the token's mount is never overridden", () => {
    const token = "/var/run/secrets/kubernetes.io/serviceaccount";
    const pod = podWith(mountedAt("api", token));
    const override = { conflict: "Override" } as const;
    expect(checked(pod, [wish(secretVolume("v", "s2", token), override)]).operations).toEqual([]);
    const nested = checked(pod, [wish(secretVolume("v", "s2", `${token}/x`))]);
    expect(nested.operations).toHaveLength(2);
  });

  it("Override replaces the mount in its place", () => {
    const pod = podWith(mountedAt("theirs", "/s"));
    const { after } = checked(pod, [
      wish(secretVolume("ours", "s2", "/s"), { conflict: "Override" }),
    ]);
    expect(after.spec.containers[0]?.volumeMounts).toEqual([{ name: "ours", mountPath: "/s" }]);
  });

  it("mounts go by name: a wished volume's, wherever it is called from, else the pod's own", () => {
    const mount = (name: string) => ({
      kind: "mounts" as const,
      mounts: [{ name, mountPath: `/by/${name}` }],
    });
    const pod = podWith({ volumes: [secret("own", "o")] });
    const { after, outcomes } = checked(pod, [
      wishOf("a", mount("later")),
      wishOf("a", mount("own")),
      wishOf("a", mount("none")),
      wishOf("b", secretVolume("later", "l", "/l")),
    ]);
    const mounts = after.spec.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath);
    expect(mounts).toEqual(["/l", "/by/later", "/by/own"]);
    expect(outcomes.find(({ where }) => where === "mount /by/none")?.result).toBe("skipped");
  });

  it("quantities and defaults do not make two contents of one", () => {
    const ours = { name: "v", emptyDir: { medium: "Memory", sizeLimit: "1024Mi" } };
    const theirs = { name: "v", emptyDir: { medium: "Memory", sizeLimit: "1Gi" } };
    const mounts = [{ name: "v", mountPath: "/v" }];
    const pod = podWith({
      volumes: [theirs],
      containers: [
        { name: "main", image: "i", volumeMounts: [{ ...mounts[0]!, readOnly: false }] },
      ],
    });
    expect(checked(pod, [wish({ kind: "volume", volume: ours, mounts })]).operations).toEqual([]);
  });
});
