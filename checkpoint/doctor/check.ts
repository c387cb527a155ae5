import type { Kube } from "#kube/kube";
import type { Node } from "#kube/objects";
import type { NodeFacts } from "#checkpoint/api/types";

export type Level = "ok" | "warn" | "fail";

/** One line of the doctor's answer. */
export interface Finding {
  /** What was looked at: "cluster", "node dev-node-1", "store main". */
  readonly subject: string;
  readonly check: string;
  readonly level: Level;
  readonly message: string;
  /** What to do about it; present unless all is well. */
  readonly cure?: string;
}

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

export function ok(subject: string, check: string, message: string): Finding {
  return { subject, check, level: "ok", message };
}

export function warn(subject: string, check: string, message: string, cure: string): Finding {
  return { subject, check, level: "warn", message, cure };
}

export function fail(subject: string, check: string, message: string, cure: string): Finding {
  return { subject, check, level: "fail", message, cure };
}

export function nodeSubject(nodeName: string): string {
  return `node ${nodeName}`;
}
