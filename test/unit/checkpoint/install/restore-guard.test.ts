import { expect, it } from "vitest";
import { restoreGuard } from "#checkpoint/install/restore-guard";

it("J4: a Restore of an injected pod's checkpoint takes the right to use its user, and fails closed", () => {
  const [policy, binding] = restoreGuard() as unknown as readonly { readonly spec: object }[];
  expect(policy?.spec).toMatchObject({
    failurePolicy: "Fail",
    matchConstraints: {
      resourceRules: [{ resources: ["restores"], operations: ["CREATE"] }],
    },
    validations: [
      {
        expression: expect.stringContaining(
          ".resource('injectionusers').namespace(request.namespace).name(variables.user).check('use')",
        ) as string,
      },
    ],
  });
  expect(binding?.spec).toMatchObject({ validationActions: ["Deny"] });
});
