import { criuProblem } from "#checkpoint/compatibility/rule";
import { eachSpeakingNode } from "#checkpoint/doctor/checks/agents";
import { type CheckGroup, nodeSubject, ok } from "#checkpoint/doctor/check";

/** CRIU fits the kernel; the agent itself tells when it does not. */
export const criu: CheckGroup = {
  name: "criu",
  perNode: true,
  run: (patient) =>
    eachSpeakingNode(patient, ({ nodeName, criuVersion, kernel, criuConfig, problems }) => {
      if (criuProblem(criuVersion, kernel)) return [];
      const subject = nodeSubject(nodeName);
      const good = [ok(subject, "criu", `CRIU ${criuVersion ?? ""} on kernel ${kernel}`)];
      if (problems.some(({ name }) => name === "criu-config")) return good;
      return [...good, ok(subject, "criu-config", criuConfig.join(", "))];
    }),
};
