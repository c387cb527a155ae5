import { systemNamespace } from "#checkpoint/api/names";
import { checkpointStores, type CheckpointStore } from "#checkpoint/api/types";
import {
  type CheckGroup,
  fail,
  type Finding,
  ok,
  type Patient,
  warn,
} from "#checkpoint/doctor/check";
import { isAllowed } from "#checkpoint/doctor/checks/rights";
import { checkStoreOf } from "#checkpoint/engine/check-store";

/** There is a store to use without naming one, and every store answers. */
export const stores: CheckGroup = {
  name: "stores",
  perNode: false,
  run: async (patient) => {
    const found = await patient.kube.list(checkpointStores);
    const tried = await Promise.all(found.map((store) => tryStore(store, patient)));
    return [defaultStore(found), ...tried.flat()];
  },
};

function defaultStore(found: readonly CheckpointStore[]): Finding {
  const check = "default-store";
  const defaults = found.filter(({ spec }) => spec.default === true);
  const names = defaults.map(({ metadata }) => metadata.name).join(", ");
  if (found.length === 0) {
    const cure = "kubectl clouder store create NAME s3://BUCKET/PREFIX --default";
    return fail("cluster", check, "there is no CheckpointStore", cure);
  }
  if (defaults.length === 1)
    return ok("cluster", check, `${names} is used unless another is named`);
  if (defaults.length === 0 && found.length === 1) {
    return ok("cluster", check, "the only store is used");
  }
  const cure = "set spec.default: true on exactly one";
  const message = defaults.length > 1 ? `${names} are all the default` : "no store is the default";
  return warn("cluster", check, message, cure);
}

async function tryStore(store: CheckpointStore, patient: Patient): Promise<readonly Finding[]> {
  const subject = `store ${store.metadata.name}`;
  const secret = store.spec.credentialsSecretName;
  if (secret !== undefined && !(await mayReadSecret(patient, secret))) {
    const message = `was not tried from here: you may not read the Secret ${secret}`;
    return [warn(subject, "store", message, "run doctor as an administrator")];
  }
  const { kube, now, signal } = patient;
  const checks = await checkStoreOf(store, { kube: () => Promise.resolve(kube), now, signal });
  return checks.map(({ ok: good, from, message, cure }) => {
    const told = from === "here" ? message : `${from}: ${message}`;
    return good
      ? ok(subject, "store", told)
      : fail(subject, "store", told, cure ?? `kubectl clouder store check ${store.metadata.name}`);
  });
}

function mayReadSecret(patient: Patient, name: string): Promise<boolean> {
  const namespace = systemNamespace;
  return isAllowed(patient, { verb: "get", resource: "secrets", namespace, name });
}
