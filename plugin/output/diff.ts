/** Lines of both texts, marked by `-`, `+` and two blanks; unchanged ones far from changes are left out. */
export function lineDiff(before: string, after: string, around = 2): string {
  const [a, b] = [before.trimEnd().split("\n"), after.trimEnd().split("\n")];
  const marked = align(a, b);
  const near = marked.map((_line, index) =>
    marked.slice(Math.max(0, index - around), index + around + 1).some(isChange),
  );
  const shown: string[] = [];
  marked.forEach((line, index) => {
    if (near[index]) shown.push(line);
    else if (near[index - 1]) shown.push("  …");
  });
  if (shown.at(-1) === "  …") shown.pop();
  return shown.join("\n");
}

function isChange(line: string): boolean {
  return !line.startsWith("  ");
}

/** By the longest common subsequence; pods have hundreds of lines, not thousands. */
function align(a: readonly string[], b: readonly string[]): readonly string[] {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const marked: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      marked.push(`  ${left}`);
      i += 1;
      j += 1;
    } else if (right === undefined || (left !== undefined && at(i + 1, j) >= at(i, j + 1))) {
      marked.push(`- ${left ?? ""}`);
      i += 1;
    } else {
      marked.push(`+ ${right}`);
      j += 1;
    }
  }
  return marked;
}
