import type { LabelSelector } from "#webhook/api/types";

export type Labels = Readonly<Record<string, string>>;
export type LabelTest = (labels: Labels) => boolean;

const everything: LabelTest = () => true;

/** The value of a label; undefined also for names that every JavaScript object has. */
export function labelOf(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** A test for labels with Kubernetes' meaning of a selector; an absent or empty one selects all. */
export function selectorTest(selector: LabelSelector | undefined): LabelTest {
  const tests = [
    ...Object.entries(selector?.matchLabels ?? {}).map(
      ([key, value]): LabelTest =>
        (labels) =>
          labelOf(labels, key) === value,
    ),
    ...(selector?.matchExpressions ?? []).map(expressionTest),
  ];
  const [only] = tests;
  if (only === undefined) return everything;
  return tests.length === 1 ? only : (labels) => tests.every((test) => test(labels));
}

type Expression = NonNullable<LabelSelector["matchExpressions"]>[number];

function expressionTest({ key, operator, values }: Expression): LabelTest {
  const set = new Set(values);
  switch (operator) {
    case "Exists":
      return (labels) => Object.hasOwn(labels, key);
    case "DoesNotExist":
      return (labels) => !Object.hasOwn(labels, key);
    case "In":
      return (labels) => {
        const value = labelOf(labels, key);
        return value !== undefined && set.has(value);
      };
    case "NotIn":
      return (labels) => {
        const value = labelOf(labels, key);
        return value === undefined || !set.has(value);
      };
  }
}
