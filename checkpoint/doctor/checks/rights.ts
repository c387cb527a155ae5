import { selfSubjectAccessReviews, type SelfSubjectAccessReview } from "#kube/resources";
import { apiGroup } from "#checkpoint/api/names";
import { type CheckGroup, fail, type Finding, ok, type Patient } from "#checkpoint/doctor/check";

type Attributes = SelfSubjectAccessReview["spec"]["resourceAttributes"];

const needed: readonly Attributes[] = [
  { verb: "create", group: apiGroup, resource: "checkpoints" },
  { verb: "create", group: apiGroup, resource: "restores" },
  { verb: "watch", group: apiGroup, resource: "checkpoints" },
  { verb: "create", resource: "pods" },
  { verb: "delete", resource: "pods" },
];

/** The caller may do in the namespace what checkpoint and restore take. */
export const rights: CheckGroup = {
  name: "rights",
  perNode: false,
  run: (patient) => Promise.all(needed.map((attributes) => mayDo(patient, attributes))),
};

async function mayDo(patient: Patient, attributes: Attributes): Promise<Finding> {
  const { verb, resource } = attributes;
  const { namespace } = patient;
  const allowed = await isAllowed(patient, { ...attributes, namespace });
  const what = `${verb} ${resource} in namespace ${namespace}`;
  return allowed
    ? ok("you", "rights", `may ${what}`)
    : fail("you", "rights", `may not ${what}`, `ask for the role edit in ${namespace}`);
}

/** Asks the API server without doing it. */
export async function isAllowed({ kube }: Patient, attributes: Attributes): Promise<boolean> {
  const answer = await kube.create(selfSubjectAccessReviews, {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    metadata: { name: "" },
    spec: { resourceAttributes: attributes },
  });
  return answer.status?.allowed === true;
}
