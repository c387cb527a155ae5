import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { InjectionPolicy } from "#webhook/api/types";
import { fromPodDefault } from "#webhook/policy/pod-default";
import type { PodDefault } from "#webhook/policy/pod-default";
import { presetItemNames } from "#webhook/policy/presets";
import { validatePolicy } from "#webhook/policy/validate";

const page = readFileSync(join(import.meta.dirname, "../../../../docs/webhook.md"), "utf8");

interface Example {
  /** Absent: a part of an object. */
  readonly kind?: string;
  readonly metadata: { readonly name: string };
}

const examples = [...page.matchAll(/^```yaml\n(.*?)^```/gms)]
  .flatMap(([, text = ""]) => parseAllDocuments(text))
  .map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Example;
  });

const policies = examples.filter(({ kind }) => kind?.endsWith("InjectionPolicy"));

describe("docs/webhook.md", () => {
  it("has examples of each kind of policy", () => {
    const kinds = new Set(examples.map(({ kind }) => kind));
    for (const kind of ["InjectionPolicy", "ClusterInjectionPolicy", "PodDefault"]) {
      expect(kinds).toContain(kind);
    }
    expect(policies.length).toBeGreaterThan(4);
  });

  it.each(policies.map((policy) => [policy.metadata.name, policy]))(
    "its policy %s is valid",
    (_name, policy) => {
      expect(validatePolicy(policy as unknown as InjectionPolicy)).toEqual([]);
    },
  );

  it("its PodDefaults are valid", () => {
    const objects = examples.filter(({ kind }) => kind === "PodDefault");
    for (const object of objects) {
      expect(validatePolicy(fromPodDefault(object as unknown as PodDefault))).toEqual([]);
    }
  });

  it("names every item of the presets", () => {
    for (const preset of ["Datalayer", "Checkpointable"] as const) {
      for (const name of presetItemNames(preset)) expect(page).toContain(`| \`${name}\``);
    }
  });
});
