/** One thing that is wrong with a policy. */
export interface Problem {
  /** For example `spec.inject[2].secret.as`. */
  readonly path: string;
  /** The wrong value, shortened; absent where it may be confidential or there is none. */
  readonly value?: string;
  /** What is wrong, in lower case. */
  readonly problem: string;
  readonly cure: string;
}

/** A problem about a value found at a path; values of variables are never shown. */
export function problemOf(path: string, value: unknown, problem: string, cure: string): Problem {
  if (value === undefined || path.endsWith(".value")) return { path, problem, cure };
  const text = JSON.stringify(value);
  return { path, value: text.length > 80 ? `${text.slice(0, 77)}...` : text, problem, cure };
}

/** A problem as one line. */
export function describeProblem({ path, value, problem, cure }: Problem): string {
  return `${path}${value === undefined ? "" : ` ${value}`} ${problem}: ${cure}`;
}
