import { describe, expect, test } from "vitest";
import { nodeSettingsFor } from "#bootstrap/nodes/node-settings";
import type { Machine } from "#bootstrap/providers/provider";
import { init } from "#bootstrap/steps/init";
import { join } from "#bootstrap/steps/join";
import { joinToken } from "#bootstrap/steps/join-token";
import type { Facts, Node, Step } from "#bootstrap/steps/step";
import { scriptedNode, type ScriptedNode } from "#test/fakes/scripted-node";
import { contextFor } from "../plans/plan.ts";

const stampFile = "/var/lib/clouder/bootstrap/cluster.json";
const stamp = (uid: string, state: string) => ({ [stampFile]: JSON.stringify({ uid, state }) });
const adminConf = `
clusters: [{name: lab, cluster: {server: x}}]
users: [{name: admin, user: {}}]
`;
const machine = (name: string, role: Machine["role"]): Machine => ({
  ...{ name, role, pool: "workers", privateAddress: "10.0.0.4" },
  reach: { access: "local" },
});

function cluster(plane: ScriptedNode, worker = scriptedNode("lab-node-1")) {
  const nodes: readonly Node[] = [
    { machine: machine("lab-master", "control-plane"), access: plane },
    { machine: machine("lab-node-1", "worker"), access: worker },
  ];
  const facts: Partial<Facts> = {
    nodes,
    settings: nodeSettingsFor([], {}),
    endpoint: { host: "api.lab.clouder.internal", port: 6443, address: "10.0.0.4" },
    plane: nodes[0]!,
    joining: { token: "abcdef.0123456789abcdef", caCertHash: "sha256:00" },
  };
  return { facts, worker: nodes[1]! };
}

const runInit = (plane: ScriptedNode) => runCluster(init, cluster(plane).facts);
function runCluster(step: Step, facts: Partial<Facts>) {
  if (step.scope !== "cluster") throw new Error("a cluster step is expected");
  return step.run(contextFor(), facts);
}
function runJoin(plane: ScriptedNode, access: ScriptedNode) {
  if (join.scope !== "node") throw new Error("a node step is expected");
  const { facts, worker } = cluster(plane, access);
  return join.run(contextFor(), facts, worker);
}
const lines = (node: ScriptedNode) => node.ran.map(({ line }) => line);
const kubeadmCalls = (node: ScriptedNode, verb: string) =>
  node.ran.filter(({ line }) => new RegExp(`flock[^]* sh \\d+ ${verb}`).test(line));

describe("starting the control plane", () => {
  const fresh = () => {
    const plane: ScriptedNode = scriptedNode("lab-master", [
      [
        /flock/,
        () => {
          plane.files.set("/etc/kubernetes/admin.conf", adminConf);
          return "";
        },
      ],
    ]);
    return plane;
  };

  test("runs kubeadm once; its token is in no argument and is deleted afterwards (E3)", async () => {
    const plane = fresh();
    const { facts } = await runInit(plane);
    expect(facts?.kubeconfig).toContain("https://10.0.0.4:6443");
    const [call] = kubeadmCalls(plane, "init");
    const token = /"token": "([a-z0-9]{6})\.([a-z0-9]{16})"/.exec(call?.stdin ?? "");
    expect(token).not.toBeNull();
    expect(lines(plane).some((line) => line.includes(token?.[2] ?? "none"))).toBe(false);
    expect(lines(plane)).toContainEqual(
      expect.stringMatching(new RegExp(`delete secret .*bootstrap-token-${token?.[1] ?? ""}`)),
    );
    expect(JSON.parse(plane.files.get(stampFile) ?? "")).toEqual({ uid: "uid", state: "ready" });
  });

  test("goes on over a half-done attempt of its own and never resets it (E1)", async () => {
    const plane = fresh();
    for (const [path, text] of Object.entries(stamp("uid", "starting")))
      plane.files.set(path, text);
    plane.files.set("/etc/kubernetes/pki/ca.key", "secret");
    await runInit(plane);
    expect(kubeadmCalls(plane, "init")[0]?.stdin).toContain(
      '"ignorePreflightErrors": [\n      "all"',
    );
    expect(lines(plane).some((line) => line.includes("reset"))).toBe(false);
  });

  test("leaves one that runs alone", async () => {
    const plane = scriptedNode("lab-master", [], {
      ...stamp("uid", "ready"),
      "/etc/kubernetes/admin.conf": adminConf,
    });
    expect((await runInit(plane)).skipped).toBe("runs already");
    expect(kubeadmCalls(plane, "init")).toEqual([]);
  });

  test.each([
    ["without our stamp", {}],
    ["with the stamp of another cluster of ours", stamp("other", "ready")],
  ])("refuses a machine that is a control plane already, %s", async (_what, files) => {
    const plane = scriptedNode("lab-master", [], {
      ...files,
      "/etc/kubernetes/admin.conf": adminConf,
    });
    await expect(runInit(plane)).rejects.toMatchObject({ code: "exists" });
    expect(kubeadmCalls(plane, "init")).toEqual([]);
  });

  test("tells kubeadm's last words and the kubelet's, without the token", async () => {
    const plane = scriptedNode("lab-master", [
      [/flock/, () => ({ status: 1, stdout: "[ERROR Port-6443]: Port 6443 is in use\n" })],
      [/journalctl/, 'I1121 fine\nE1121 10:00:00 "failed" err="no sandbox"\n'],
    ]);
    await expect(runInit(plane)).rejects.toMatchObject({
      code: "remote-command",
      message: expect.stringContaining("Port 6443 is in use") as string,
      hint: expect.stringContaining("holds a port") as string,
      details: { kubelet: [expect.stringContaining("no sandbox") as string] },
    });
  });
});

describe("joining", () => {
  const kubeletConf = { "/etc/kubernetes/kubelet.conf": "x" };
  const members = (text: string) => scriptedNode("lab-master", [[/get node lab-node-1/, text]], {});

  test("runs kubeadm join with the token in a file only (E4)", async () => {
    const worker = scriptedNode("lab-node-1");
    await runJoin(members(""), worker);
    const [call] = kubeadmCalls(worker, "join");
    expect(call?.stdin).toContain("abcdef.0123456789abcdef");
    expect(lines(worker).some((line) => line.includes("0123456789abcdef"))).toBe(false);
    expect(JSON.parse(worker.files.get(stampFile) ?? "")).toEqual({ uid: "uid", state: "ready" });
  });

  test("clears what a killed attempt left, then joins", async () => {
    const worker = scriptedNode("lab-node-1", [[/kubelet.conf \|\|/, ""]], {
      ...kubeletConf,
      ...stamp("uid", "starting"),
    });
    await runJoin(members(""), worker);
    expect(lines(worker)).toContain("kubeadm reset --force");
    expect(kubeadmCalls(worker, "join")).toHaveLength(1);
  });

  test("never resets a node that has joined, even when it is not registered (E5)", async () => {
    const worker = scriptedNode("lab-node-1", [], { ...kubeletConf, ...stamp("uid", "ready") });
    await runJoin(members(""), worker);
    expect(lines(worker)).toContain("systemctl restart kubelet");
    expect(lines(worker).some((line) => line.includes("kubeadm"))).toBe(false);
  });

  test("leaves a node alone", async () => {
    const worker = scriptedNode("lab-node-1", [], { ...kubeletConf, ...stamp("uid", "ready") });
    expect((await runJoin(members("node/lab-node-1\n"), worker)).skipped).toBe("is a node already");
  });

  test("refuses a node of another cluster", async () => {
    const worker = scriptedNode("lab-node-1", [], { ...kubeletConf, ...stamp("other", "ready") });
    await expect(runJoin(members(""), worker)).rejects.toMatchObject({ code: "exists" });
  });

  test("no token is made when all have joined", async () => {
    const plane = scriptedNode("lab-master", [[/get nodes/, "node/lab-master\nnode/lab-node-1\n"]]);
    const worker = scriptedNode("lab-node-1", [], kubeletConf);
    const outcome = await runCluster(joinToken, cluster(plane, worker).facts);
    expect(outcome).toEqual({ facts: { joining: undefined }, skipped: "all have joined" });
    expect(lines(plane).some((line) => line.includes("apply"))).toBe(false);
  });
});
