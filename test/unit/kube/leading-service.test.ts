import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { ClouderError } from "#core/error";
import { runLeadingService } from "#kube/leading-service";

/** A process with this environment, which keeps what it prints. */
function hostWith(env: NodeJS.ProcessEnv) {
  const printed: string[] = [];
  const host = Object.assign(new EventEmitter(), {
    env: { CLOUDER_HEALTH_PORT: "0", ...env },
    exitCode: undefined as number | undefined,
    stdout: { write: (text: string) => printed.push(text) > 0 },
  });
  const lines = () => printed.map((line) => JSON.parse(line) as Record<string, string>);
  return { host: host as unknown as NodeJS.Process, lines };
}

const place = { name: "clouder-x", namespace: "clouder-system" };

it("a wrong environment ends the program at once, with the reason on one line and exit code 1", async () => {
  const { host, lines } = hostWith({ KIND: "odd" });
  await runLeadingService({ ...place, host }, (environment) => {
    throw new ClouderError("config", `KIND is "${environment["KIND"] ?? ""}"`);
  });
  expect(lines()).toMatchObject([{ level: "error", message: 'KIND is "odd"' }]);
  expect(host.exitCode).toBe(1);
});

it("outside of a pod it says so, and works on nothing", async () => {
  const { host, lines } = hostWith({});
  let worked = false;
  await runLeadingService({ ...place, host }, () => () => {
    worked = true;
    return Promise.resolve();
  });
  expect(lines()[0]?.["message"]).toMatch(/KUBERNETES_SERVICE_HOST .*not set/);
  expect([worked, host.exitCode]).toEqual([false, 1]);
});
