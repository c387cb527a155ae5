import { expect, test } from "vitest";
import { nodeSettingsFor } from "#bootstrap/nodes/node-settings";
import { containerdFiles } from "#bootstrap/runtimes/containerd";
import { nodeNames } from "#bootstrap/runtimes/names";
import { apiGroup, nodePaths, runtimeClassName } from "#checkpoint/api/names";

const files = (program = "d1") =>
  new Map(
    containerdFiles({
      pauseImage: "registry.k8s.io/pause:3.10.2",
      node: nodeSettingsFor([], {}),
      programDigest: program,
      ownUnit: true,
    }).map(({ path, content }) => [path, content]),
  );

test("containerd's file is version 3, with the pinned pause image and the handler (D2)", () => {
  const config = files().get("/etc/containerd/config.toml");
  expect(config).toContain("version = 3\n");
  expect(config).toContain('sandbox = "registry.k8s.io/pause:3.10.2"');
  expect(config).toContain(`BinaryName = "${nodePaths.shim}"`);
  expect(config).toContain('pod_annotations = ["clouder.datalayer.io/*"]');
  expect(config?.match(/SystemdCgroup = true/g)).toHaveLength(2);
});

test("dumps go to a folder on disk, and another program means another file", () => {
  const dropIn = "/etc/systemd/system/containerd.service.d/10-clouder.conf";
  expect(files().get(dropIn)).toContain(`TMPDIR=${nodePaths.containerdTmp}`);
  expect(files("d2").get(dropIn)).not.toBe(files("d1").get(dropIn));
});

test("names on nodes are those of the checkpoint part", () => {
  expect(nodeNames).toEqual({
    runtimeHandler: runtimeClassName,
    annotationPrefix: apiGroup,
    shim: nodePaths.shim,
    state: nodePaths.state,
    containerdTmp: nodePaths.containerdTmp,
    install: nodePaths.install,
  });
});
