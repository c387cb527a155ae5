import { beforeAll, expect, it } from "vitest";
import { crdFiles } from "../../manifests.ts";
import { lab } from "#test/e2e/scenario";
import { wrongSpecs } from "#test/unit/webhook/policy/wrong-specs";

const cluster = lab();

beforeAll(async () => {
  const files = [...crdFiles()].filter(([name]) => name.includes("injectionpolicies"));
  await cluster.kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], {
    stdin: files.map(([, text]) => text).join("---\n"),
  });
  for (const [name] of files) {
    const crd = `crd/${name.replace(/\.yaml$/, "")}`;
    await cluster.kubectl(["wait", "--for=condition=Established", crd, "--timeout=30s"]);
  }
});

/** What the API server says to a policy; nothing is stored. */
async function judge(kind: string, spec: object): Promise<string> {
  const apiVersion = "clouder.datalayer.io/v1alpha1";
  const { stdout, stderr } = await cluster.kubectl(
    ["create", "--dry-run=server", "--validate=strict", "-f", "-"],
    {
      stdin: JSON.stringify({ apiVersion, kind, metadata: { name: "judged" }, spec }),
      allowFailure: true,
    },
  );
  return stdout + stderr;
}

it.each(wrongSpecs.map((wrong) => [wrong.what, wrong] as const))(
  "the API server judges a policy with %s as the program does",
  async (_what, { spec, codeOnly }) => {
    const answer = await judge("InjectionPolicy", spec);
    if (codeOnly) expect(answer).toMatch(/created/);
    else expect(answer).not.toMatch(/created/);
  },
);

it("the API server takes a selector of namespaces on the cluster's kind", async () => {
  const spec = {
    preset: "Checkpointable",
    match: { namespaceSelector: { matchLabels: { a: "1" } } },
  };
  expect(await judge("ClusterInjectionPolicy", spec)).toMatch(/created/);
});
