import { ClouderError } from "#core/error";

/**
 * A growth axis: name to lazily loaded driver. A plain literal typed with `satisfies Registry<Port>`;
 * each loader becomes a chunk of its own, so that naming a driver never loads its SDK.
 */
export type Registry<Driver> = Readonly<
  Record<string, { readonly title: string; readonly load: () => Promise<Driver> }>
>;

/** Loads the driver called `name`; `not-found` lists the known names. */
export async function loadDriver<Driver>(
  registry: Registry<Driver>,
  kind: string,
  name: string,
): Promise<Driver> {
  const entry = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (!entry) {
    throw new ClouderError("not-found", `unknown ${kind} "${name}"`, {
      hint: `use one of: ${Object.keys(registry).join(", ")}`,
    });
  }
  return entry.load();
}
