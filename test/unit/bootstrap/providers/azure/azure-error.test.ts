import { inspect } from "node:util";
import { createPipelineRequest, createHttpHeaders, RestError } from "@azure/core-rest-pipeline";
import { expect, test } from "vitest";
import { azureError, hasAzureCode, loginError } from "#bootstrap/providers/azure/azure-error";

const rest = (statusCode: number | undefined, code: string | undefined, message: string) =>
  new RestError(message, {
    ...(statusCode !== undefined && { statusCode }),
    ...(code !== undefined && { code }),
    request: createPipelineRequest({
      url: "https://management.azure.com/x",
      headers: createHttpHeaders({ authorization: "Bearer the-token" }),
    }),
  });
const late = (text: string) => new Error(`The long-running operation has failed${text}`);

test.each([
  [
    rest(403, "AuthorizationFailed", "No.\nMore"),
    "denied",
    "cannot do it: No (AuthorizationFailed)",
  ],
  [rest(409, "AllocationFailed", "Full"), "refused", "cannot do it: Full (AllocationFailed)"],
  [rest(429, "TooManyRequests", "Slow"), "busy", "cannot do it: Slow (TooManyRequests)"],
  [rest(502, undefined, "<html>"), "unreachable", "cannot do it: (HTTP 502)"],
  [
    rest(undefined, "ECONNREFUSED", "connect failed"),
    "unreachable",
    "cannot do it: connect failed",
  ],
  [late(". AllocationFailed. No room. Try later."), "refused", /No room\. Try later \(Alloc/],
  [late(""), "config", "cannot do it: (HTTP 400)"],
  [new Error("Operation was canceled"), "conflict", /\(Canceled\)$/],
] as const)("%s is told as %s", (error, code, message) => {
  expect(azureError(error, "do it")).toMatchObject({
    code,
    message: typeof message === "string" ? message : (expect.stringMatching(message) as string),
  });
});

test("Azure's code of what failed after it was accepted is known", () => {
  const error = azureError(late(". QuotaExceeded. Too many."), "create dev-master");
  expect(hasAzureCode(error, /^QuotaExceeded$/)).toBe(true);
  expect(error).toMatchObject({ hint: expect.stringContaining("Quotas") as string });
});

test("the token of a refused request is in no part of the error", () => {
  const error = azureError(rest(403, "AuthorizationFailed", "No"), "do it") as Error;
  const everything = inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error);
  expect(everything).not.toContain("the-token");
});

test("what is no error of Azure stays as it is", () => {
  const error = new TypeError("a mistake of ours");
  expect(azureError(error, "do it")).toBe(error);
});

test.each([
  ["AADSTS7000215: Invalid client secret provided.", /check client id, client secret/],
  ["AADSTS7000222: The provided client secret keys are expired.", /az ad app credential reset/],
  ["AADSTS50173: The provided grant has expired due to it being revoked.", /az login/],
])("%s is told with its own cure", (said, cure) => {
  const error = loginError(new Error(`ClientSecretCredential: ${said}\nTrace ID: x`));
  expect(error).toMatchObject({
    code: "unauthenticated",
    message: `cannot log in to Azure: ${said.replace(/\.$/, "")}`,
    hint: expect.stringMatching(cure) as string,
  });
});
