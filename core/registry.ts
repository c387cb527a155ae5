import { ClouderError } from "#core/error";
import { nearest } from "#core/nearest";

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
    const known = Object.keys(registry);
    const [near] = nearest(name, known);
    const all = `use one of: ${known.join(", ")}`;
    throw new ClouderError("not-found", `unknown ${kind} "${name}"`, {
      hint: near === undefined ? all : `did you mean ${near}? ${all}`,
    });
  }
  return entry.load();
}
