import type { NodeFacts } from "#checkpoint/api/types";
import { criuProblem, isBelow, versionOf } from "#checkpoint/compatibility/rule";

/** A way to make processes go on on a node. */
export interface Mechanism {
  readonly way: "handler" | "runtime";
  readonly works: boolean;
  readonly why: string;
}

/**
 * The ways to restore on a node, judged by what its agent has probed, the preferred one first. Only
 * our own handler is used: it depends on no runtime's restore code.
 */
export function restoreMechanisms(facts: NodeFacts): readonly Mechanism[] {
  return [handlerWay(facts), runtimeWay(facts.runtimeVersion)];
}

/** Why the node cannot restore; undefined when it can. */
export function restoreProblem(facts: NodeFacts): string | undefined {
  const { works, why } = handlerWay(facts);
  return works ? undefined : why;
}

function handlerWay(facts: NodeFacts): Mechanism {
  const blocking = facts.problems.find(
    ({ name }) => name === "runtime-entry" || name === "handler",
  );
  const criu = criuProblem(facts.criuVersion, facts.kernel);
  const reason = criu?.message ?? blocking?.message;
  if (facts.handlerReady && criu === undefined) {
    return {
      way: "handler",
      works: true,
      why: "the shim is in place and the runtime has the handler clouder",
    };
  }
  const because = reason === undefined ? "" : `: ${reason}`;
  return {
    way: "handler",
    works: false,
    why: `the runtime handler clouder is not ready${because}`,
  };
}

/** An image with the annotation org.criu.checkpoint.container.name, restored at create. */
function runtimeWay(runtimeVersion: string): Mechanism {
  const [name = "", text = ""] = runtimeVersion.split("://");
  const no = (why: string): Mechanism => ({ way: "runtime", works: false, why });
  const version = versionOf(text);
  if (name === "cri-o") return no("CRI-O restores checkpoint images; not used");
  if (name !== "containerd" || !version) return no(`${runtimeVersion} is not known to restore`);
  if (isBelow(version, [2, 1]) || !isBelow(version, [2, 4])) {
    return no(`containerd ${text} does not restore at create, only 2.1 to 2.3 do`);
  }
  const switched = isSwitched(text, version);
  const needs = switched ? " once enable_experimental_restore_via_create is set" : "";
  return no(`containerd ${text} restores at create${needs}; not used`);
}

/** Since 2.2.7 and 2.3.4 the way has to be switched on. */
function isSwitched(text: string, [, minor]: readonly [number, number]): boolean {
  const patch = Number(/^\d+\.\d+\.(\d+)/.exec(text)?.[1] ?? "0");
  return (minor === 2 && patch >= 7) || (minor === 3 && patch >= 4);
}
