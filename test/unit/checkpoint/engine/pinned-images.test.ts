import { describe, expect, it } from "vitest";
import type { ContainerRecord, Manifest } from "#checkpoint/archive/manifest";
import { imagesByID, isOtherImage, pinImages, pinnedName } from "#checkpoint/engine/pinned-images";

const digest = `sha256:${"ab".repeat(32)}`;
const other = `sha256:${"cd".repeat(32)}`;
const record = (name: string, image: string, imageID: string) =>
  ({ name, image, imageID }) as ContainerRecord;

describe("the image of a restored container", () => {
  it.each([
    ["nginx:1.27", `docker.io/library/nginx@${digest}`, `nginx@${digest}`],
    ["nginx", `docker.io/library/nginx@${digest}`, `nginx@${digest}`],
    ["team/app:1", `docker.io/team/app@${digest}`, `team/app@${digest}`],
    ["host:5000/app:1", `host:5000/app@${digest}`, `host:5000/app@${digest}`],
    ["host:5000/app", `docker-pullable://host:5000/app@${digest}`, `host:5000/app@${digest}`],
    ["quay.io/a/b:c", `quay.io/a/b@${digest}`, `quay.io/a/b@${digest}`],
  ])("%s that ran as %s is pinned as %s", (image, imageID, pinned) => {
    expect(pinnedName({ image, imageID })).toBe(pinned);
  });

  it("that names a digest itself stays as it is", () => {
    const image = `nginx:1@${digest}`;
    expect(pinnedName({ image, imageID: `docker.io/library/nginx@${other}` })).toBe(image);
  });

  it.each([
    ["loaded by hand", "app:1", digest],
    ["had from another repository", "mirror.local/app:1", `docker.io/library/app@${digest}`],
    ["of an unknown id", "app:1", ""],
  ])("%s keeps its name", (_what, image, imageID) => {
    expect(pinnedName({ image, imageID })).toBeUndefined();
  });

  it("is pinned in containers and sidecars; what was not checkpointed stays", () => {
    const manifest = {
      template: {
        metadata: {},
        spec: {
          containers: [
            { name: "app", image: "app:1" },
            { name: "hand", image: "hand:1" },
            { name: "fresh", image: "fresh:1" },
          ],
          initContainers: [{ name: "side", image: "side:1", restartPolicy: "Always" }],
        },
      },
      containers: [
        record("app", "app:1", `docker.io/library/app@${digest}`),
        record("hand", "hand:1", other),
        record("side", "side:1", `docker.io/library/side@${other}`),
      ],
    } as unknown as Manifest;
    expect(pinImages(manifest).spec).toEqual({
      containers: [
        { name: "app", image: `app@${digest}` },
        { name: "hand", image: "hand:1" },
        { name: "fresh", image: "fresh:1" },
      ],
      initContainers: [{ name: "side", image: `side@${other}`, restartPolicy: "Always" }],
    });
    expect(imagesByID(manifest.containers)).toEqual({ hand: other });
  });

  it("is another one only when both ids are known and differ", () => {
    expect(isOtherImage(digest, other)).toBe(true);
    expect(isOtherImage(digest, digest)).toBe(false);
    expect(isOtherImage(digest, undefined)).toBe(false);
    expect(isOtherImage(digest, `docker.io/library/app@${other}`)).toBe(false);
    expect(isOtherImage(undefined, other)).toBe(false);
  });
});
