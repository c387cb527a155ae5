import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { agentClusterRules, agentHostMounts, agentNamespaceRules } from "#checkpoint/agent/rights";
import type { Rule } from "#kube/install/accounts";
import { controllerClusterRules, controllerNamespaceRules } from "#checkpoint/controller/rights";

const page = readFileSync(join(import.meta.dirname, "../../../../docs/security.md"), "utf8");

const rows = (who: string, where: string, rules: readonly Rule[]) =>
  rules.map(({ resources, resourceNames, verbs }) => {
    const named = resourceNames ? ` (${resourceNames.join(", ")})` : "";
    return [who, where, `${resources.join(", ")}${named}`, verbs.join(", ")];
  });

/** The cells of the page's rows that start with one of these words. */
const written = (first: RegExp) =>
  page
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim().replaceAll("`", "")),
    )
    .filter(([cell = ""]) => first.test(cell));

it("docs/security.md lists every right of agent and controller, and no other", () => {
  expect(written(/^(agent|controller)$/)).toEqual([
    ...rows("agent", "all", agentClusterRules),
    ...rows("agent", "clouder-system", agentNamespaceRules),
    ...rows("controller", "all", controllerClusterRules),
    ...rows("controller", "clouder-system", controllerNamespaceRules),
  ]);
});

it("docs/security.md lists every folder of the node that the agent sees", () => {
  expect(written(/^\//).map(([path, access]) => [path, access])).toEqual(
    agentHostMounts.map(({ hostPath, readOnly }) => [hostPath, readOnly ? "read" : "read, write"]),
  );
});
