import type { Kube } from "#kube/kube";
import type { Node } from "#kube/objects";
import type { NodeFacts } from "#checkpoint/api/types";
import { fail, type Finding, type Level, ok, warn } from "#core/finding";

export { fail, type Finding, type Level, ok, warn };

export interface Patient {
  readonly kube: Kube;
  readonly now: number;
  readonly signal: AbortSignal;
  /** The namespace whose users' rights are looked at. */
  readonly namespace: string;
  /** All nodes, or only the one that was asked for. */
  nodes(): Promise<readonly Node[]>;
  /** Facts by node name. */
  facts(): Promise<ReadonlyMap<string, NodeFacts>>;
}

/** A group of checks; rejects only when it could not look at all. */
export interface CheckGroup {
  readonly name: string;
  /** False: says nothing about a single node, left out with --node. */
  readonly perNode: boolean;
  readonly run: (patient: Patient) => Promise<readonly Finding[]>;
}

export function nodeSubject(nodeName: string): string {
  return `node ${nodeName}`;
}
