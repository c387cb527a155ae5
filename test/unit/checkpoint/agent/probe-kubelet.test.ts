import { expect, it } from "vitest";
import { probeKubelet } from "#checkpoint/agent/probe-kubelet";
import { kubeletError } from "#checkpoint/engine/kubelet-errors";

const answering = (status: number, body: string) => ({
  checkpoint: (namespace: string, pod: string, container: string) =>
    Promise.reject(kubeletError({ namespace, pod, container }, status, body)),
});

it("takes the kubelet's 'no such pod' as the sign that route and rights are good", async () => {
  expect(await probeKubelet(answering(404, "pod does not exist"))).toBeUndefined();
});

it.each([
  ["the endpoint is switched off", 404, "404 page not found", /no checkpoint endpoint/, /30/],
  ["the agent lacks the right", 403, "Forbidden (user=x)", /refuses the agent/, /install/],
  ["the token is not accepted", 401, "Unauthorized", /does not accept/, /webhook/],
])("I2: tells with a cure that %s", async (_what, status, body, message, cure) => {
  const problem = await probeKubelet(answering(status, body));
  expect(problem).toMatchObject({ name: "kubelet-route", level: "fail" });
  expect(problem?.message).toMatch(message);
  expect(problem?.cure).toMatch(cure);
});
