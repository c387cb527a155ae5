import { expect, it } from "vitest";
import { completions, type Lookup, type NameSource } from "#plugin/cli/completions";
import { catalog } from "#test/unit/plugin/cli/catalog-of";

const asked: { readonly kind: string; readonly lookup: Lookup }[] = [];
const names: NameSource = (kind, lookup) => {
  asked.push({ kind, lookup });
  return Promise.resolve([`${kind}-one`, `${kind}-two`]);
};

async function complete(...words: readonly string[]) {
  asked.length = 0;
  const { candidates, files } = await completions(words, catalog, names);
  return files ? "files" : candidates.map((one) => one.split("\t")[0]).join(" ");
}

it.each([
  [[""], "checkpoint store version"],
  [["che"], "checkpoint"],
  [["checkpoint", ""], "delete list pod"],
  [["checkpoint", "pod", ""], "pods-one pods-two"],
  [["checkpoint", "pod", "pods-o"], "pods-one"],
  [["checkpoint", "pod", "x", ""], ""],
  [["checkpoint", "pod", "--st"], "--stop"],
  [["checkpoint", "pod", "-n", ""], "namespaces-one namespaces-two"],
  [["checkpoint", "pod", "--namespace", "namespaces-t"], "namespaces-two"],
  [["checkpoint", "pod", "--stop", ""], "pods-one pods-two"],
  [["checkpoint", "pod", "-o", ""], "json yaml"],
  [["checkpoint", "pod", "--kubeconfig", ""], "files"],
  [["checkpoint", "delete", "checkpoints-one", ""], "checkpoints-two"],
  [["store", "check", ""], "stores-one stores-two"],
  [["nonsense", ""], ""],
])("%j gives: %s", async (words, wanted) => {
  expect(await complete(...words)).toBe(wanted);
});

it("asks in the namespace and for the pod that stand on the line already", async () => {
  expect(await complete("checkpoint", "pod", "x", "--namespace=a", "-c", "")).toContain(
    "containers",
  );
  expect(asked).toMatchObject([{ kind: "containers", lookup: { namespace: "a", pod: "x" } }]);
  await complete("checkpoint", "pod", "-n", "b", "");
  expect(asked).toMatchObject([{ kind: "pods", lookup: { namespace: "b" } }]);
});
