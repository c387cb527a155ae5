import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { mirrorOf } from "#test/lab/debian";
import { upstreamVersion } from "#test/lab/debian-packages";
import { withoutBackends, withoutRequired } from "#test/lab/flannel";
import { programName } from "#test/lab/go-build";
import { imageRecipes } from "#test/lab/images";
import { stagingReplaces } from "#test/lab/kubernetes";
import { flannelImage, imagesOfKubernetes, testImages, versions } from "#test/lab/versions";

const labFile = (name: string) => join(import.meta.dirname, "../../lab", name);

it("replaces exactly the staging modules that Kubernetes requires at v0.0.0", () => {
  const goMod = [
    "module k8s.io/kubernetes",
    "require (",
    "\tk8s.io/api v0.0.0",
    "\tk8s.io/client-go v0.0.0",
    "\tk8s.io/klog/v2 v2.140.0",
    ")",
    "replace (",
    "\tk8s.io/api => ./staging/src/k8s.io/api",
    ")",
  ].join("\n");
  expect(stagingReplaces(goMod, "1.36.3")).toEqual([
    "replace k8s.io/api => k8s.io/api v0.36.3",
    "replace k8s.io/client-go => k8s.io/client-go v0.36.3",
  ]);
});

it("knows what go build calls a program, major version or not", () => {
  expect(programName("go.etcd.io/etcd/server/v3")).toBe("server");
  expect(programName("github.com/coredns/coredns")).toBe("coredns");
  expect(programName("github.com/containerd/containerd/v2/cmd/ctr")).toBe("ctr");
});

it("takes flannel's backends and their requirements out, and notices when they are not there", () => {
  const main = '\t_ "github.com/flannel-io/flannel/pkg/backend/udp"\n\t_ "x/vxlan"\n';
  expect(withoutBackends(main, ["udp"])).toBe('\t_ "x/vxlan"\n');
  expect(() => withoutBackends(main, ["tencentvpc"])).toThrow("tencentvpc");
  expect(withoutRequired("a v1\ngithub.com/tencentcloud/x v1.3\nb v1", "tencentcloud")).toBe(
    "a v1\nb v1",
  );
});

it("finds Debian's own archive among the host's, and none on another distribution", () => {
  const targets = [
    "http://mirror.example/debian-security/ Debian Debian-Security",
    "http://mirror.example/debian/ Debian Debian",
  ].join("\n");
  expect(mirrorOf(targets)).toBe("http://mirror.example/debian/");
  expect(mirrorOf("http://mirror.example/ubuntu/ Ubuntu Ubuntu\n")).toBeUndefined();
});

it("reads the authors' version out of a Debian version", () => {
  expect(upstreamVersion("4.2.1-1")).toBe("4.2.1");
  expect(upstreamVersion("1.3.6+ds1-1+b2")).toBe("1.3.6");
  expect(upstreamVersion("1:1.4.8-2")).toBe("1.4.8");
});

it("makes one image for every name kubeadm lists, for flannel and for the tests", () => {
  const names = Object.values(
    imageRecipes({
      ...{ version: versions.kubernetes, kubernetes: "k", etcd: "e", etcdctl: "t", etcdutl: "u" },
      ...{ coredns: "c", flannel: "f", packages: "p" },
    }),
  ).flatMap((image) => image.names);
  const wanted = [
    ...Object.values(imagesOfKubernetes(versions.kubernetes)),
    flannelImage,
    ...Object.values(testImages),
  ];
  expect([...names].sort()).toEqual([...wanted].sort());
});

it("the flannel manifest holds the pod network once and is valid YAML", async () => {
  const text = await readFile(labFile("flannel.yaml"), "utf8");
  expect(text.split('"Network": "10.244.0.0/16"')).toHaveLength(2);
  const kinds = parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return (document.toJS() as { kind: string }).kind;
  });
  expect(kinds).toContain("DaemonSet");
});

it("every shell script of the lab is valid POSIX shell", () => {
  execFileSync("sh", ["-n", labFile("write-cni-config.sh")]);
});
