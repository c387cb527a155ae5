/** The candidates nearest to what was typed, best first; none when nothing is near. */
export function nearest(typed: string, candidates: readonly string[]): readonly string[] {
  const limit = Math.max(1, Math.floor(typed.length / 3));
  return candidates
    .filter((candidate) => candidate !== "" && typed !== "")
    .map((candidate) => ({ candidate, distance: distance(typed, candidate) }))
    .filter((near) => near.distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map((near) => near.candidate);
}

/** Insertions, deletions, replacements and swaps of neighbours, the typing mistakes there are. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const at = (from: readonly number[], index: number) => from[index] ?? Infinity;
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(
        Math.min(
          at(row, j - 1) + same,
          at(row, j) + 1,
          at(next, j - 1) + 1,
          swapped ? at(before, j - 2) + 1 : Infinity,
        ),
      );
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
