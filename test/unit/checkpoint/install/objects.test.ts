import { describe, expect, it } from "vitest";
import type { KubeObject } from "#kube/kube";
import { installObjects } from "#checkpoint/install/objects";
import { imageName, installSettings } from "#checkpoint/install/settings";
import { resourceOf } from "#kube/install/kinds";
import type { Rule } from "#kube/install/accounts";

const objects = installObjects(installSettings({ image: imageName("1.2.3") }));

function find(kind: string, name: string, among = objects): KubeObject & Record<string, unknown> {
  const found = among.find((one) => one.kind === kind && one.metadata.name === name);
  expect(found, `${kind} ${name}`).toBeDefined();
  return found as KubeObject & Record<string, unknown>;
}

interface PodSpec {
  readonly containers: readonly [
    {
      readonly image: string;
      readonly securityContext: object;
      readonly volumeMounts: readonly { name: string; mountPath: string; readOnly?: boolean }[];
    },
  ];
  readonly volumes: readonly { name: string; hostPath?: { path: string } }[];
  readonly [field: string]: unknown;
}

function podSpec(object: Record<string, unknown>): PodSpec {
  return (object["spec"] as { template: { spec: PodSpec } }).template.spec;
}

const rulesOf = (kind: string, name: string) => find(kind, name)["rules"] as readonly Rule[];
const resourcesIn = (rules: readonly Rule[], verb?: string) =>
  rules
    .filter(({ verbs }) => verb === undefined || verbs.includes(verb))
    .flatMap(({ resources }) => resources);

describe("the installed objects", () => {
  it("are all of kinds that install and uninstall can deal with", () => {
    for (const object of objects) expect(() => resourceOf(object)).not.toThrow();
    const names = objects.map(
      ({ kind, metadata }) => `${kind}/${metadata.namespace ?? ""}/${metadata.name}`,
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it("I3: the agent's only right on nodes that does something is create on nodes/checkpoint", () => {
    const rules = rulesOf("ClusterRole", "clouder-agent");
    expect(rules).toContainEqual({
      apiGroups: [""],
      resources: ["nodes/checkpoint"],
      verbs: ["create"],
    });
    expect(resourcesIn(rules)).not.toContain("nodes/proxy");
    expect(resourcesIn(rules, "create").sort()).toEqual(["events", "nodes/checkpoint"]);
    expect(resourcesIn(rules)).not.toContain("secrets");
    expect(resourcesIn(rules)).not.toContain("pods/exec");
  });

  it("no role has a wildcard, reads Secrets outside of its namespace, or binds to other roles", () => {
    for (const object of objects.filter(({ kind }) => kind === "ClusterRole")) {
      const rules = (object as unknown as { rules: readonly Rule[] }).rules;
      const words = rules.flatMap(({ apiGroups, resources, verbs }) => [
        ...apiGroups,
        ...resources,
        ...verbs,
      ]);
      expect(words, object.metadata.name).not.toContain("*");
      expect(words, object.metadata.name).not.toContain("secrets");
      expect(words).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/bind|escalate|impersonate/)]),
      );
    }
  });

  it("the controller may delete pods but never make or change any", () => {
    const rules = rulesOf("ClusterRole", "clouder-controller");
    expect(rules.find(({ resources }) => resources.includes("pods"))?.verbs).toEqual([
      "get",
      "list",
      "delete",
    ]);
    expect(resourcesIn(rules, "create")).toEqual([]);
  });

  it("who may edit a namespace may checkpoint and restore in it; who may view may look", () => {
    const edit = find("ClusterRole", "clouder-edit").metadata.labels;
    expect(edit).toMatchObject({
      "rbac.authorization.k8s.io/aggregate-to-edit": "true",
      "rbac.authorization.k8s.io/aggregate-to-admin": "true",
    });
    expect(resourcesIn(rulesOf("ClusterRole", "clouder-view"), "create")).toEqual([]);
    expect(resourcesIn(rulesOf("ClusterRole", "clouder-edit"))).toEqual([
      "checkpoints",
      "restores",
      "containerendpoints",
    ]);
  });

  it("the agent is root without its powers: not privileged, read-only root, capabilities dropped", () => {
    const spec = podSpec(find("DaemonSet", "clouder-agent"));
    expect(spec.containers[0].securityContext).toMatchObject({
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"], add: ["DAC_OVERRIDE"] },
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(JSON.stringify(spec)).not.toMatch(/SYS_ADMIN|hostPID|hostNetwork|hostIPC/);
    const pki = spec.containers[0].volumeMounts.find(({ name }) => name === "kubelet-pki");
    expect(pki).toMatchObject({ mountPath: "/var/lib/kubelet/pki", readOnly: true });
  });

  it("the controller runs as nobody in particular, twice, and keeps one through disruptions", () => {
    const deployment = find("Deployment", "clouder-controller");
    expect(deployment["spec"]).toMatchObject({ replicas: 2 });
    expect(podSpec(deployment).containers[0].securityContext).toMatchObject({
      runAsNonRoot: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(find("PodDisruptionBudget", "clouder-controller")["spec"]).toMatchObject({
      minAvailable: 1,
    });
  });

  it("both programs run the image that was asked for", () => {
    for (const [kind, name] of [
      ["DaemonSet", "clouder-agent"],
      ["Deployment", "clouder-controller"],
    ] as const) {
      expect(podSpec(find(kind, name)).containers[0].image).toBe(
        "docker.io/clouder/kubectl-clouder:1.2.3",
      );
    }
  });

  it("every mount of the agent has its volume", () => {
    const spec = podSpec(find("DaemonSet", "clouder-agent"));
    const volumes = spec.volumes.map(({ name }) => name).sort();
    expect(spec.containers[0].volumeMounts.map(({ name }) => name).sort()).toEqual(volumes);
  });

  it("folders of stores are mounted, the default one by way of the agent's own folder", () => {
    const settings = installSettings({
      image: "x",
      storeFolders: ["/mnt/nfs/checkpoints/", "/mnt/nfs/checkpoints"],
    });
    const agent = find("DaemonSet", "clouder-agent", installObjects(settings));
    const paths = podSpec(agent).volumes.map(({ hostPath }) => hostPath?.path);
    expect(paths.filter((path) => path === "/mnt/nfs/checkpoints")).toHaveLength(1);
    expect(paths).not.toContain("/var/lib/clouder/store");
  });
});

describe("install --preemption", () => {
  const watching = installObjects(installSettings({ image: "x", preemption: true }));

  it("gives the agent its node's network and the right to patch nodes, and nothing else does", () => {
    const agent = find("DaemonSet", "clouder-agent", watching);
    expect(podSpec(agent)).toMatchObject({
      ...{ hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" },
    });
    const role = find("ClusterRole", "clouder-agent", watching)["rules"] as readonly Rule[];
    expect(resourcesIn(role, "patch")).toContain("nodes");
    expect(resourcesIn(rulesOf("ClusterRole", "clouder-agent"), "patch")).not.toContain("nodes");
  });

  it("bounds that right to one taint of the agent's own node before it is given, and fails closed", () => {
    const order = watching.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    const guard = "ValidatingAdmissionPolicy/clouder-agent-own-node";
    expect(order.indexOf(guard)).toBeGreaterThan(-1);
    expect(order.indexOf(guard)).toBeLessThan(order.indexOf("ClusterRole/clouder-agent"));
    const policy = find("ValidatingAdmissionPolicy", "clouder-agent-own-node", watching);
    expect(policy["spec"]).toMatchObject({ failurePolicy: "Fail" });
    expect(objects.some(({ metadata }) => metadata.name === "clouder-agent-own-node")).toBe(false);
  });
});

describe("install settings", () => {
  it.each([
    "relative",
    "/",
    "/etc/passwd",
    "/usr",
    "/mnt/../etc",
    "/mnt//x",
    "/var/lib/kubelet",
    "/mnt/a b",
  ])("refuse %s as a folder for stores", (folder) => {
    expect(() => installSettings({ image: "x", storeFolders: [folder] })).toThrow(/folder/);
  });

  it("refuse what is no image name", () => {
    expect(() => installSettings({ image: "x; rm" })).toThrow(/no image name/);
    expect(() => installSettings({ image: "x", kubeletCertificate: "none" })).toThrow(
      /unknown kubelet/,
    );
  });
});
