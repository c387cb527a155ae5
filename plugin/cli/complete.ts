import { readCatalog } from "#plugin/cli/catalog";
import { completions } from "#plugin/cli/completions";
import { clusterNames } from "#plugin/cli/cluster-names";

/**
 * Entry of `kubectl_complete-clouder`, which kubectl calls with the words after `kubectl clouder`, the
 * unfinished one last. One candidate a line, then cobra's directive. Never an error: a broken
 * cluster must not garble the user's prompt.
 */
const noFiles = 4;

try {
  const catalog = readCatalog(new URL("../../", import.meta.url));
  const found = await completions(process.argv.slice(2), catalog, clusterNames);
  const lines = found.candidates.map((one) => `${one}\n`).join("");
  process.stdout.write(`${lines}:${String(found.files ? 0 : noFiles)}\n`);
} catch {
  process.stdout.write(`:${String(noFiles)}\n`);
}
