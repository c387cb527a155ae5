import { expect, it } from "vitest";
import { docsPage, rightRows, tableRows } from "#test/fixtures/docs-page";
import { controllerClusterRules, controllerNamespaceRules } from "#webhook/controller/rights";
import { guards } from "#webhook/install/guards";
import { webhookSettings } from "#webhook/install/settings";
import { webhookClusterRules, webhookNamespaceRules } from "#webhook/server/rights";

it("docs/security.md lists every right of webhook and injection controller, and no other", () => {
  expect(tableRows(docsPage("security.md"), /^(webhook|injection controller)$/)).toEqual([
    ...rightRows("webhook", "all", webhookClusterRules),
    ...rightRows("webhook", "clouder-system", webhookNamespaceRules),
    ...rightRows("injection controller", "all", controllerClusterRules),
    ...rightRows("injection controller", "clouder-system", controllerNamespaceRules),
  ]);
});

it("docs/webhook.md lists every admission policy that comes along", () => {
  const policies = guards(webhookSettings({ image: "x" }))
    .filter(({ kind }) => kind === "ValidatingAdmissionPolicy")
    .map(({ metadata }) => metadata.name);
  const listed = tableRows(docsPage("webhook.md"), /^clouder-(user|injection|required|home)-/);
  expect(listed.map(([name]) => name)).toEqual(policies);
});
