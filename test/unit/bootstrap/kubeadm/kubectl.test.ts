import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { kubectl } from "#bootstrap/kubeadm/kubectl";
import { scriptedNode } from "#test/fakes/scripted-node";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const answers = (failures: number, stderr: string) => {
  let left = failures;
  return scriptedNode("lab-master", [
    [
      /^kubectl/,
      () => {
        left -= 1;
        return left >= 0 ? { status: 1, stderr } : "done";
      },
    ],
  ]);
};

it("E6 asks again while the address moves to another control plane", async () => {
  const node = answers(3, "Unable to connect to the server: EOF");
  const answer = kubectl(node, ["get", "nodes"]);
  await vi.runAllTimersAsync();
  expect(await answer).toBe("done");
  expect(node.ran).toHaveLength(4);
});

it("takes a refusal for an answer", async () => {
  const node = answers(1, 'Error from server (Forbidden): nodes "x" is forbidden');
  await expect(kubectl(node, ["get", "nodes"])).rejects.toMatchObject({ code: "remote-command" });
  expect(node.ran).toHaveLength(1);
});
