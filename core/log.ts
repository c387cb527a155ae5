/** One line of a service's log, written as JSON by its main. */
export interface LogEntry {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly [field: string]: string | number | boolean | undefined;
}
