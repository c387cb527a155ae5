import { expect, it } from "vitest";
import { secretReferences } from "#checkpoint/engine/secret-references";

const key = (secret: string) => ({ valueFrom: { secretKeyRef: { name: secret, key: "k" } } });

it("names every Secret whose values a pod holds, and how it got them", () => {
  const mount = (name: string, mountPath: string) => ({ name, mountPath });
  const found = secretReferences({
    containers: [
      {
        name: "a",
        env: [
          { name: "PLAIN", value: "x" },
          { name: "TOKEN", ...key("alice-token") },
        ],
        envFrom: [{ secretRef: { name: "alice" } }, { configMapRef: { name: "settings" } }],
        volumeMounts: [mount("tls", "/etc/tls"), mount("mixed", "/run/mixed")],
      },
      {
        name: "b",
        env: [{ name: "TOKEN", ...key("alice-token") }],
        volumeMounts: [mount("tls", "/b")],
      },
    ],
    volumes: [
      { name: "tls", secret: { secretName: "web-tls" } },
      { name: "unused", secret: { secretName: "never-mounted" } },
      {
        name: "mixed",
        projected: { sources: [{ secret: { name: "p" } }, { serviceAccountToken: { path: "t" } }] },
      },
    ],
  });
  expect(found).toEqual([
    "Secret alice-token: variable TOKEN",
    "Secret alice: variables of all its keys",
    "Secret p: files of /run/mixed",
    "Secret web-tls: files of /b, /etc/tls",
  ]);
});

it("finds none in a pod without Secrets", () => {
  expect(secretReferences({ containers: [{ name: "a" }] })).toEqual([]);
});
