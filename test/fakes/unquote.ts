/** Splits a command line of plain and single-quoted words, as `quote` writes it, back into argv. */
export function unquote(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at] ?? "";
    if (sign === " ") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (sign === "'") {
      const end = line.indexOf("'", at + 1);
      word = (word ?? "") + line.slice(at + 1, end);
      at = end;
    } else if (sign === "\\") {
      at += 1;
      word = (word ?? "") + (line[at] ?? "");
    } else {
      word = (word ?? "") + sign;
    }
  }
  return word === undefined ? words : [...words, word];
}
