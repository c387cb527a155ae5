import type { StoreCheck } from "#checkpoint/engine/check-store";
import { readyCondition } from "#checkpoint/api/store-condition";
import type { CheckpointStore } from "#checkpoint/api/types";
import { table, type Column, type Result } from "#plugin/output/result";
import { age } from "#plugin/output/units";

export const storeKind = "checkpointstore.clouder.datalayer.io";

/** A store just made. */
export function storeMade(store: CheckpointStore): Result {
  const { name } = store.metadata;
  return {
    object: store,
    text: `store ${name} (${store.spec.url}) is there; try it: kubectl clouder store check ${name}`,
    names: [`${storeKind}/${name}`],
  };
}

/** Why not goes along; a store that nobody has looked at since its last change is unknown. */
function readiness(store: CheckpointStore): string {
  const ready = readyCondition(store);
  if (ready === undefined || ready.status === "Unknown") return "unknown";
  return ready.status === "True" ? "yes" : `no (${ready.reason})`;
}

/** Stores of the cluster. */
export function storeList(stores: readonly CheckpointStore[], now: number): Result {
  const columns: Column<CheckpointStore>[] = [
    { title: "name", value: (one) => one.metadata.name },
    { title: "default", value: (one) => (one.spec.default === true ? "yes" : "no") },
    { title: "ready", value: readiness },
    { title: "url", value: (one) => one.spec.url },
    { title: "credentials", value: (one) => one.spec.credentialsSecretName ?? "of the nodes" },
    { title: "message", wide: true, value: (one) => readyCondition(one)?.message },
    { title: "age", value: (one) => age(one.metadata.creationTimestamp, now) },
    {
      title: "endpoint",
      wide: true,
      value: (one) => one.spec.s3?.endpoint ?? one.spec.azblob?.endpoint,
    },
    { title: "account", wide: true, value: (one) => one.spec.azblob?.account },
    { title: "region", wide: true, value: (one) => one.spec.s3?.region },
  ];
  return {
    object: { apiVersion: "v1", kind: "List", items: stores },
    table: table(
      stores,
      columns,
      "no stores; make one: kubectl clouder store create NAME URL --default",
    ),
    names: stores.map(({ metadata }) => `${storeKind}/${metadata.name}`),
  };
}

/** Outcome of checks; bad ones end the program with 1. */
export function storeChecks(checks: readonly StoreCheck[]): Result {
  const columns: Column<StoreCheck>[] = [
    { title: "store", value: (one) => one.store },
    { title: "from", value: (one) => one.from },
    { title: "result", value: (one) => (one.ok ? "ok" : "fail") },
    { title: "message", value: (one) => one.message },
    { title: "cure", value: (one) => one.cure },
  ];
  return {
    object: checks,
    table: table(checks, columns),
    exitCode: checks.every((one) => one.ok) ? 0 : 1,
  };
}
