import { isBelow, versionOf } from "#checkpoint/compatibility/rule";
import { restoreMechanisms } from "#checkpoint/compatibility/mechanism";
import { eachSpeakingNode } from "#checkpoint/doctor/checks/agents";
import {
  type CheckGroup,
  fail,
  type Finding,
  nodeSubject,
  ok,
  warn,
} from "#checkpoint/doctor/check";
import type { NodeFacts } from "#checkpoint/api/types";

/** The container runtime can checkpoint, and our handler is ready for restores. */
export const runtime: CheckGroup = {
  name: "runtime",
  perNode: true,
  run: (patient) =>
    eachSpeakingNode(patient, (facts) => [
      judgeRuntime(nodeSubject(facts.nodeName), facts.runtimeVersion),
      ...handler(facts),
      mechanism(facts),
    ]),
};

/** containerd 2.0 is the first that can checkpoint; CRI-O can since 1.25. */
function judgeRuntime(subject: string, runtimeVersion: string): Finding {
  const [name = "", text = ""] = runtimeVersion.split("://");
  const version = versionOf(text);
  if (name === "containerd" && version) {
    return isBelow(version, [2, 0])
      ? fail(
          subject,
          "runtime",
          `containerd ${text} cannot checkpoint`,
          "upgrade to containerd 2.1",
        )
      : ok(subject, "runtime", `containerd ${text}`);
  }
  return warn(
    subject,
    "runtime",
    `${runtimeVersion} is not a runtime that was tried`,
    "restores need containerd 2.0 or newer with the handler clouder",
  );
}

/** By which way restores go there, and why not by the others. */
function mechanism(facts: NodeFacts): Finding {
  const subject = nodeSubject(facts.nodeName);
  const ways = restoreMechanisms(facts);
  const chosen = ways.find(({ works }) => works);
  const told = ways.map(({ way, works, why }) => `${way} ${works ? "works" : "no"}: ${why}`);
  const check = "restore-mechanism";
  return chosen
    ? ok(subject, check, told.join("; "))
    : fail(subject, check, told.join("; "), "cure what fails on this node; restores go elsewhere");
}

/** What is wrong with it, the agent has told. */
function handler({ nodeName, handlerReady, pagesDivertible }: NodeFacts): readonly Finding[] {
  const subject = nodeSubject(nodeName);
  return [
    ...(handlerReady ? [ok(subject, "handler", "the runtime handler clouder is ready")] : []),
    ...(pagesDivertible
      ? [ok(subject, "containerd-tmp", "memory pages are written once, by rename")]
      : []),
  ];
}
