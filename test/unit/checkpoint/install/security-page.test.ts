import { expect, it } from "vitest";
import {
  agentClusterRules,
  agentHostMounts,
  agentNamespaceRules,
  preemptionClusterRules,
} from "#checkpoint/agent/rights";
import { controllerClusterRules, controllerNamespaceRules } from "#checkpoint/controller/rights";
import { docsPage, rightRows, tableRows } from "#test/fixtures/docs-page";

const page = docsPage("security.md");

it("docs/security.md lists every right of agent and controller, and no other", () => {
  expect(tableRows(page, /^(agent|controller)$/)).toEqual([
    ...rightRows("agent", "all", agentClusterRules),
    ...rightRows("agent", "clouder-system", agentNamespaceRules),
    ...rightRows("controller", "all", controllerClusterRules),
    ...rightRows("controller", "clouder-system", controllerNamespaceRules),
  ]);
});

it("docs/security.md lists what install --preemption adds", () => {
  expect(tableRows(page, /^agent, /)).toEqual(
    rightRows("agent, --preemption", "all", preemptionClusterRules),
  );
});

it("docs/security.md lists every folder of the node that the agent sees", () => {
  expect(tableRows(page, /^\//).map(([path, access]) => [path, access])).toEqual(
    agentHostMounts.map(({ hostPath, readOnly }) => [hostPath, readOnly ? "read" : "read, write"]),
  );
});
