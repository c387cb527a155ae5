import { expect, it } from "vitest";
import { parseHostFacts } from "#bootstrap/nodes/host-facts";
import { checkRoom } from "#bootstrap/steps/check-host";
import type { ReportEvent } from "#core/report";
import { contextFor } from "../plans/plan.ts";

const now = 1_700_000_000;
const said: ReportEvent[] = [];
const context = {
  ...contextFor((event) => said.push(event)),
  clock: { now: () => now * 1000, sleep: () => Promise.resolve() },
};
const facts = (changes: Readonly<Record<string, string>>) =>
  parseHostFacts(
    "lab-node-1",
    Object.entries({
      ...{ init: "systemd", architecture: "x86_64", free: "90000000", clock: String(now) },
      ...changes,
    })
      .map(([key, value]) => `${key}=${value}`)
      .join("\n"),
  );

it.each([
  ["a full disk", { free: "1000000" }, "no-space", "1.0 GiB free", "at least 3 GiB"],
  [
    "a port in use",
    { ports: "6443 10250" },
    "conflict",
    "port 6443, 10250 of lab-node-1",
    "ss -ltnp",
  ],
  ["another cluster", { owner: "other" }, "exists", "is part of another", "take it out of that"],
  ["a cluster of nobody knows whom", { owner: "unknown" }, "exists", "lab-node-1", "kubeadm reset"],
  ["a clock that is late", { clock: String(now - 400) }, "conflict", "400 s behind", "set-ntp"],
  ["a clock that is early", { clock: String(now + 61) }, "conflict", "61 s ahead of", "set-ntp"],
])(
  "a machine with %s is refused before anything is changed (O4)",
  (_what, changes, code, text, cure) => {
    const told = { message: expect.stringContaining(text) as string };
    const hint = expect.stringContaining(cure) as string;
    expect(() => {
      checkRoom(context, facts(changes));
    }).toThrow(expect.objectContaining({ code, hint, ...told }));
  },
);

it("a firewall is told with the ports that the cluster needs, and stops nothing (O4)", () => {
  checkRoom(context, facts({ firewalls: "ufw" }));
  expect(said).toMatchObject([{ level: "warn", host: "lab-node-1" }]);
  expect(JSON.stringify(said)).toMatch(/ufw.*6443.*8472\/udp/);
});

it("a machine in order is taken without a word", () => {
  said.length = 0;
  checkRoom(context, facts({}));
  checkRoom(context, facts({ owner: context.uid }));
  expect(said).toEqual([]);
});
