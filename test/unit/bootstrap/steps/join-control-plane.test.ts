import "reflect-metadata";
import { X509CertificateGenerator } from "@peculiar/x509";
import { beforeAll, describe, expect, test } from "vitest";
import { nodeSettingsFor } from "#bootstrap/nodes/node-settings";
import type { Machine } from "#bootstrap/providers/provider";
import { joinControlPlane } from "#bootstrap/steps/join-control-plane";
import { dropToken, joinToken } from "#bootstrap/steps/join-token";
import type { Facts, Node, PlanContext } from "#bootstrap/steps/step";
import { scriptedNode, type ScriptedNode } from "#test/fakes/scripted-node";
import { contextFor } from "../plans/plan.ts";

const stampFile = "/var/lib/clouder/bootstrap/cluster.json";
const stamp = (uid: string, state: string) => ({ [stampFile]: JSON.stringify({ uid, state }) });
const key = "c0ffee".repeat(10);
const ca = "/etc/kubernetes/pki/ca.crt";

const node = (number: number, access: ScriptedNode): Node => ({
  machine: {
    ...{ name: `lab-master-${number}`, role: "control-plane", pool: "control-plane" },
    ...{ privateAddress: `10.0.0.${number}`, reach: { access: "local" } },
  } satisfies Machine,
  access,
});

function factsWith(plane: ScriptedNode, ...others: readonly Node[]): Partial<Facts> {
  const leader = node(1, plane);
  return {
    nodes: [leader, ...others],
    plane: leader,
    settings: nodeSettingsFor([], {}),
    endpoint: { host: "api.lab.clouder.internal", port: 8443, address: "10.0.0.9", virtual: true },
    joining: { token: "abcdef.0123456789abcdef", caCertHash: "sha256:00", certificateKey: key },
  };
}

function run(facts: Partial<Facts>, one: Node, context: PlanContext = contextFor()) {
  if (joinControlPlane.scope !== "node") throw new Error("a node step is expected");
  return joinControlPlane.run(context, facts, one);
}
const lines = ({ ran }: ScriptedNode) => ran.map(({ line }) => line);
const joins = ({ ran }: ScriptedNode) => ran.filter(({ line }) => / sh \d+ join/.test(line));
const fresh = (name: string, more: Parameters<typeof scriptedNode>[1] = []) =>
  scriptedNode(name, [...more, [/kubelet.conf \|\|/, { status: 1 }]]);

describe("further control planes (E6)", () => {
  test("join with the certificate key in a file only, what was lost forgotten first", async () => {
    const members =
      "1a, started, lab-master-2, https://10.0.0.2:2380, https://10.0.0.2:2379, false";
    const plane = scriptedNode("lab-master-1", [[/etcdctl member list/, members]]);
    const access = fresh("lab-master-2");
    await run(factsWith(plane), node(2, access));
    expect(joins(access)[0]?.stdin).toContain(key);
    expect(lines(access).join()).not.toContain(key);
    const told = lines(plane);
    expect(told.findIndex((line) => line.includes("member remove 1a"))).toBeGreaterThan(-1);
    expect(told.some((line) => line.includes("delete node lab-master-2"))).toBe(true);
    expect(JSON.parse(access.files.get(stampFile) ?? "")).toEqual({ uid: "uid", state: "ready" });
  });

  test("join in turn, although all are ready for it at once", async () => {
    const order: string[] = [];
    const joining = (name: string) =>
      fresh(name, [
        [
          /sh \d+ join/,
          () => {
            order.push(name);
            return "";
          },
        ],
      ]);
    const nodes = [2, 3].map((number) => node(number, joining(`lab-master-${number}`)));
    const context = contextFor();
    const facts = factsWith(scriptedNode("lab-master-1"), ...nodes);
    await Promise.all(nodes.map((one) => run(facts, one, context)));
    expect(order).toEqual(["lab-master-2", "lab-master-3"]);
  });

  test("try once more where etcd was not ready for another member", async () => {
    let attempts = 0;
    const access = fresh("lab-master-2", [
      [
        /sh \d+ join/,
        () => {
          attempts += 1;
          const stdout = "error: etcdserver: can only promote a learner member which is in sync\n";
          return attempts === 1 ? { status: 1, stdout } : "";
        },
      ],
    ]);
    await run(factsWith(scriptedNode("lab-master-1")), node(2, access));
    expect(attempts).toBe(2);
  });

  test("are left alone once they have joined", async () => {
    const plane = scriptedNode("lab-master-1", [[/get node lab-master-2/, "node/lab-master-2"]]);
    const access = scriptedNode("lab-master-2", [], stamp("uid", "ready"));
    const outcome = await run(factsWith(plane), node(2, access));
    expect(outcome.skipped).toBe("is a control plane already");
    expect(joins(access)).toEqual([]);
  });

  test("of another cluster are refused", async () => {
    const access = scriptedNode("lab-master-2", [], stamp("other", "ready"));
    await expect(
      run(factsWith(scriptedNode("lab-master-1")), node(2, access)),
    ).rejects.toMatchObject({ code: "exists" });
  });
});

describe("the uploaded certificates (E6)", () => {
  const signed = /get configmap cluster-info/;
  let pem: string;
  beforeAll(async () => {
    const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
      ...(["sign", "verify"] as const),
    ]);
    const authority = await X509CertificateGenerator.createSelfSigned({
      ...{ name: "CN=kubernetes", keys },
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    });
    pem = authority.toString("pem");
  });

  test("are uploaded for a control plane alone, under a key that no argument shows", async () => {
    const plane = scriptedNode("lab-master-1", [[signed, "signature"]], { [ca]: pem });
    const worker: Node = {
      machine: { ...node(7, plane).machine, name: "lab-node-1", role: "worker" },
      access: scriptedNode("lab-node-1"),
    };
    if (joinToken.scope !== "cluster") throw new Error("a cluster step is expected");
    const facts = { ...factsWith(plane, worker), joining: undefined };
    await joinToken.run(contextFor(), facts);
    expect(lines(plane).some((line) => line.includes("upload-certs"))).toBe(false);
    const second = node(2, scriptedNode("lab-master-2"));
    await joinToken.run(contextFor(), { ...facts, nodes: [facts.plane!, second] });
    const call = plane.ran.find(({ line }) => line.includes("upload-certs"));
    const given = /"certificateKey": "([0-9a-f]{64})"/.exec(call?.stdin ?? "")?.[1] ?? "";
    expect(given).toHaveLength(64);
    expect(lines(plane).join()).not.toContain(given);
  });

  test("are deleted with the token that lets them expire", async () => {
    const plane = scriptedNode("lab-master-1", [
      [/get secret kubeadm-certs/, "bootstrap-token-xyz"],
    ]);
    if (dropToken.scope !== "cluster") throw new Error("a cluster step is expected");
    await dropToken.run(contextFor(), factsWith(plane));
    const deleted = lines(plane).filter((line) => line.includes("delete secret"));
    expect(deleted.join()).toMatch(/kubeadm-certs bootstrap-token-xyz/);
  });
});
