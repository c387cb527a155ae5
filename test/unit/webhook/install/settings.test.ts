import { expect, it } from "vitest";
import { type WantedWebhook, webhookSettings } from "#webhook/install/settings";

it("everything but the image has a default", () => {
  expect(webhookSettings({ image: "x" })).toEqual({
    image: "x",
    replicas: 2,
    failurePolicy: "Fail",
    timeoutSeconds: 5,
    certificates: { mode: "own" },
    namespaces: "all",
    excludedNamespaces: [],
    userLabels: ["runtime-pools.datalayer.io/user-uid"],
  });
});

it.each<[string, Partial<WantedWebhook>]>([
  [`"a b" is no image name`, { image: "a b" }],
  ["the number of replicas 0 is out of range", { replicas: 0 }],
  ["the timeout 31 is out of range", { timeoutSeconds: 31 }],
  ["the timeout 2.5 is out of range", { timeoutSeconds: 2.5 }],
  [`unknown failure policy "fail"`, { failurePolicy: "fail" }],
  [`unknown kind of certificates "self"`, { certificates: "self" }],
  [`unknown choice of namespaces "some"`, { namespaces: "some" }],
  ["cert-manager needs an issuer", { certificates: "cert-manager" }],
  [`"internal" is no issuer`, { certificates: "cert-manager", issuer: "internal" }],
  [`"Issuer/a/b" is no issuer`, { certificates: "cert-manager", issuer: "Issuer/a/b" }],
  [`the issuer "Issuer/a" is of no use to own certificates`, { issuer: "Issuer/a" }],
  [`"Build" is no name of a namespace`, { excludedNamespaces: ["Build"] }],
  [`"a', 'b" is no name of a namespace`, { excludedNamespaces: ["a', 'b"] }],
  [`"x'] || true || ['" is no label key`, { userLabels: ["x'] || true || ['"] }],
  [`"a/b/c" is no label key`, { userLabels: ["a/b/c"] }],
])("%s", (message, wanted) => {
  const make = () => webhookSettings({ image: "x", ...wanted });
  expect(make).toThrow(message);
  expect(make).toThrow(
    expect.objectContaining({ code: "usage", hint: expect.any(String) as string }) as Error,
  );
});
