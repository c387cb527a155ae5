import type { CachedPart } from "./cache.ts";
import { goPrograms } from "./go-build.ts";
import { versions } from "./versions.ts";

const containerdModule = "github.com/containerd/containerd/v2";

export const etcd = goPrograms({
  name: "etcd",
  module: "go.etcd.io/etcd/server/v3",
  version: `v${versions.etcd}`,
  expected: "about 1 minute",
  programs: { etcd: "go.etcd.io/etcd/server/v3" },
});

/** Clients of etcd, as the official image has them: snapshots, members. */
export const etcdctl = etcdTool("etcdctl");
export const etcdutl = etcdTool("etcdutl");

export const coredns = goPrograms({
  name: "coredns",
  module: "github.com/coredns/coredns",
  version: `v${versions.coredns}`,
  expected: "about 3 minutes",
  programs: { coredns: "github.com/coredns/coredns" },
});

export const containerd = containerdOf("containerd", versions.containerd);

/** An older containerd, for the proof that restores do not depend on the newest one. */
export const otherContainerd = containerdOf("other-containerd", versions.otherContainerd);

const plugins = "github.com/containernetworking/plugins";

export const cniPlugins = goPrograms({
  name: "cni-plugins",
  module: plugins,
  version: `v${versions.cniPlugins}`,
  expected: "about 30 seconds",
  programs: {
    bridge: `${plugins}/plugins/main/bridge`,
    "host-local": `${plugins}/plugins/ipam/host-local`,
    loopback: `${plugins}/plugins/main/loopback`,
    portmap: `${plugins}/plugins/meta/portmap`,
  },
  variables: { [`${plugins}/pkg/utils/buildversion.BuildVersion`]: `v${versions.cniPlugins}` },
});

/** An S3 server that keeps objects as files. */
export const versitygw = goPrograms({
  name: "versitygw",
  module: "github.com/versity/versitygw",
  version: `v${versions.versitygw}`,
  expected: "about 2 minutes",
  programs: { versitygw: "github.com/versity/versitygw/cmd/versitygw" },
  variables: { "main.Version": `v${versions.versitygw}` },
});

function etcdTool(name: "etcdctl" | "etcdutl"): CachedPart {
  const module = `go.etcd.io/etcd/${name}/v3`;
  return goPrograms({
    name,
    module,
    version: `v${versions.etcd}`,
    expected: "about 1 minute",
    programs: { [name]: module },
  });
}

function containerdOf(name: string, version: string): CachedPart {
  return goPrograms({
    name,
    module: containerdModule,
    version: `v${version}`,
    expected: "about 2 minutes",
    programs: {
      containerd: `${containerdModule}/cmd/containerd`,
      "containerd-shim-runc-v2": `${containerdModule}/cmd/containerd-shim-runc-v2`,
      ctr: `${containerdModule}/cmd/ctr`,
    },
    variables: { [`${containerdModule}/version.Version`]: `v${version}` },
  });
}
