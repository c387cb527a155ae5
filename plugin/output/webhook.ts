import { describe } from "#plugin/output/describe";
import { type Column, type Result, table } from "#plugin/output/result";
import { renderTable } from "#plugin/output/table";
import type { Replica } from "#webhook/install/replicas";
import type { InstalledWebhook } from "#webhook/install/status";

const columns: readonly Column<Replica>[] = [
  { title: "replica", value: ({ pod }) => pod },
  { title: "node", wide: true, value: ({ node }) => node },
  { title: "ready", value: ({ status, problem }) => (status ? yes(status.ready) : problem) },
  { title: "certificate until", value: ({ status }) => status?.certificate.notAfter },
  {
    title: "fingerprint",
    wide: true,
    value: ({ status }) => status?.certificate.fingerprint.slice(0, 23),
  },
  { title: "calls", value: calls },
  { title: "faults", value: faults },
  { title: "p99 ms", value: ({ status }) => status?.latency.p99?.toFixed(2) },
  { title: "memory mb", wide: true, value: ({ status }) => megabytes(status?.residentBytes) },
  { title: "version", wide: true, value: ({ status }) => status?.version },
];

/** All there is to know of an installed webhook; problems make the command end with 1. */
export function webhookStatusResult(webhook: InstalledWebhook): Result {
  const { configuration, replicas, problems } = webhook;
  const errors = replicas.flatMap(({ pod, status }) =>
    (status?.lastErrors ?? []).map((error) => ({ pod, ...error })),
  );
  const parts = [
    describe([
      ["Failure policy", configuration?.failurePolicy],
      ["Timeout", configuration && `${String(configuration.timeoutSeconds)} s`],
      ["Certificates", configuration?.certificates],
      ["Trusted", configuration && yes(configuration.trusted)],
    ]),
    replicas.length > 0 ? renderTable(table(replicas, columns), true) : "",
    lines("Problems", problems),
    lines(
      "Last errors",
      errors.map(({ pod, time, message }) => `${time} ${pod}: ${message}`),
    ),
  ];
  return {
    object: webhook,
    text: parts.filter((part) => part !== "").join("\n\n"),
    names: replicas.map(({ pod }) => `pod/${pod}`),
    exitCode: problems.length > 0 ? 1 : 0,
  };
}

/** The replicas with the certificates that they serve. */
export function replicasResult(replicas: readonly Replica[]): Result {
  return {
    object: { replicas },
    table: table(replicas, columns),
    names: replicas.map(({ pod }) => `pod/${pod}`),
  };
}

function lines(title: string, rows: readonly string[]): string {
  return rows.length === 0 ? "" : [`${title}:`, ...rows.map((row) => `  ${row}`)].join("\n");
}

function yes(value: boolean): string {
  return value ? "yes" : "no";
}

function calls({ status }: Replica): number | undefined {
  return status && sum(Object.values(status.calls));
}

/** Calls that a replica could not answer as it should. */
function faults({ status }: Replica): number | undefined {
  if (!status) return undefined;
  const { fault_allowed = 0, fault_denied = 0, bad_request = 0, busy = 0 } = status.calls;
  return fault_allowed + fault_denied + bad_request + busy;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function megabytes(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : (bytes / 1e6).toFixed(0);
}
