import { customResourceDefinitions, runtimeClasses } from "#kube/resources";
import { crds } from "#checkpoint/api/crds";
import { runtimeClassName } from "#checkpoint/api/names";
import { type CheckGroup, fail, type Finding, ok } from "#checkpoint/doctor/check";
import { hasCode } from "#core/error";

const subject = "cluster";
const cure = "kubectl clouder install";

/** Our kinds are served, and the RuntimeClass names our handler. */
export const installedKinds: CheckGroup = {
  name: "kinds",
  perNode: false,
  run: async ({ kube }) => {
    const served = await Promise.all(
      crds.map(async ({ metadata: { name } }): Promise<Finding> => {
        const found = await absentIsUndefined(kube.get(customResourceDefinitions, { name }));
        if (!found) return fail(subject, "kinds", `the kind ${name} is not installed`, cure);
        const established = found.status?.conditions?.find(({ type }) => type === "Established");
        return established?.status === "True"
          ? ok(subject, "kinds", `${name} is served`)
          : fail(subject, "kinds", `${name} is not established`, `kubectl describe crd ${name}`);
      }),
    );
    const name = runtimeClassName;
    const runtimeClass = await absentIsUndefined(kube.get(runtimeClasses, { name }));
    if (!runtimeClass) {
      return [...served, fail(subject, "runtime-class", `RuntimeClass ${name} is absent`, cure)];
    }
    return [
      ...served,
      runtimeClass.handler === name
        ? ok(subject, "runtime-class", `RuntimeClass ${name} names the handler ${name}`)
        : fail(
            subject,
            "runtime-class",
            `RuntimeClass ${name} names the handler ${runtimeClass.handler}`,
            `delete it and install again: kubectl delete runtimeclass ${name}; ${cure}`,
          ),
    ];
  },
};

async function absentIsUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (hasCode(error, "not-found")) return undefined;
    throw error;
  }
}
