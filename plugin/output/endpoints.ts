import type { ContainerEndpoint } from "#checkpoint/api/endpoint";
import type { SeenEndpoint } from "#checkpoint/endpoints/look";
import type { RegisteredEndpoint } from "#checkpoint/endpoints/register";
import { printable } from "#core/redact";
import { table, type Result } from "#plugin/output/result";
import { age } from "#plugin/output/units";

export const endpointKind = "containerendpoint.clouder.datalayer.io";

/** An endpoint just registered; its token is shown only where it goes to standard output. */
export function endpointRegistered(made: RegisteredEndpoint, out: string): Result {
  const { endpoint, expires } = made;
  const { name } = endpoint.metadata;
  const names = [`${endpointKind}/${name}`];
  if (out === "-")
    return { object: JSON.parse(made.kubeconfig) as object, names, text: made.kubeconfig };
  return {
    object: { endpoint, kubeconfig: out, expires },
    names,
    text:
      `endpoint ${name} is registered; its token in ${out} is good until ${expires}\n` +
      `there: kubectl clouder endpoint heartbeat ${name} --kubeconfig ${out}`,
  };
}

const readyOf = ({ status }: ContainerEndpoint) =>
  status?.conditions?.find(({ type }) => type === "Ready");

function readiness(endpoint: ContainerEndpoint): string {
  const ready = readyOf(endpoint);
  if (!ready) return "unknown";
  return ready.status === "True" ? "yes" : `no (${ready.reason})`;
}

const heardAgo = (heard: number | undefined, now: number) =>
  heard === undefined ? "never" : age(new Date(heard).toISOString(), now);

/** `endpoint list`. */
export function endpointList(seen: readonly SeenEndpoint[], now: number): Result {
  return {
    object: { apiVersion: "v1", kind: "List", items: seen.map(({ endpoint }) => endpoint) },
    names: seen.map(({ endpoint }) => `${endpointKind}/${endpoint.metadata.name}`),
    table: table(
      seen,
      [
        { title: "name", value: ({ endpoint }) => endpoint.metadata.name },
        { title: "namespace", wide: true, value: ({ endpoint }) => endpoint.metadata.namespace },
        { title: "ready", value: ({ endpoint }) => readiness(endpoint) },
        { title: "heard", value: ({ heard }) => heardAgo(heard, now) },
        { title: "classes", value: ({ endpoint }) => endpoint.spec.workloadClasses.join(",") },
        { title: "type", value: ({ endpoint }) => endpoint.status?.capabilities?.type },
        { title: "cpu", value: ({ endpoint }) => endpoint.status?.capabilities?.cpu },
        { title: "memory", value: ({ endpoint }) => endpoint.status?.capabilities?.memory },
        { title: "gpus", value: ({ endpoint }) => endpoint.status?.capabilities?.gpus },
        { title: "url", value: ({ endpoint }) => endpoint.spec.url },
        { title: "message", wide: true, value: ({ endpoint }) => readyOf(endpoint)?.message },
      ],
      "no endpoints; register one: kubectl clouder endpoint register NAME --url URL --class CLASS --out FILE",
    ),
  };
}

/** `endpoint show`. */
export function endpointShown({ endpoint, heard }: SeenEndpoint, now: number): Result {
  const { spec, status, metadata } = endpoint;
  const can = status?.capabilities;
  const labels = Object.entries(can?.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return {
    object: endpoint,
    names: [`${endpointKind}/${metadata.name}`],
    text: [
      `name:      ${metadata.name}`,
      `url:       ${spec.url}`,
      `ready:     ${readiness(endpoint)}: ${printable(readyOf(endpoint)?.message ?? "not judged yet")}`,
      `heard:     ${heardAgo(heard, now)}`,
      `classes:   ${spec.workloadClasses.join(", ")}`,
      `networks:  ${spec.allowedCIDRs?.join(", ") ?? "any"}`,
      ...(can
        ? [
            `can take:  ${can.cpu} CPUs, ${can.memory} memory, ${String(can.gpus)} GPUs (${can.type})`,
            `labels:    ${labels.join(" ")}`,
          ]
        : []),
    ].join("\n"),
  };
}
