import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Rule } from "#kube/install/accounts";
import { controllerClusterRules, controllerNamespaceRules } from "#webhook/controller/rights";
import { guards } from "#webhook/install/guards";
import { webhookSettings } from "#webhook/install/settings";
import { webhookClusterRules, webhookNamespaceRules } from "#webhook/server/rights";

const page = (name: string) =>
  readFileSync(join(import.meta.dirname, "../../../../docs", name), "utf8");

const rows = (who: string, where: string, rules: readonly Rule[]) =>
  rules.map(({ resources, resourceNames, verbs }) => {
    const named = resourceNames ? ` (${resourceNames.join(", ")})` : "";
    return [who, where, `${resources.join(", ")}${named}`, verbs.join(", ")];
  });

/** The cells of the page's rows that start with one of these words. */
const written = (text: string, first: RegExp) =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim().replaceAll("`", "")),
    )
    .filter(([cell = ""]) => first.test(cell));

it("docs/security.md lists every right of webhook and injection controller, and no other", () => {
  expect(written(page("security.md"), /^(webhook|injection controller)$/)).toEqual([
    ...rows("webhook", "all", webhookClusterRules),
    ...rows("webhook", "clouder-system", webhookNamespaceRules),
    ...rows("injection controller", "all", controllerClusterRules),
    ...rows("injection controller", "clouder-system", controllerNamespaceRules),
  ]);
});

describe("docs/webhook.md", () => {
  const policies = guards(webhookSettings({ image: "x" }))
    .filter(({ kind }) => kind === "ValidatingAdmissionPolicy")
    .map(({ metadata }) => metadata.name);

  it("lists every admission policy that comes along", () => {
    const listed = written(page("webhook.md"), /^clouder-(user|injection|required|home)-/);
    expect(listed.map(([name]) => name)).toEqual(policies);
  });
});
