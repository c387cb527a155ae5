import type { AwsIdentity } from "./identity.ts";
import type { RecordBook } from "./record.ts";
import type { AwsSession } from "./session.ts";
import { hasCode } from "#core/error";

/** Where things are made. */
export interface Place {
  readonly session: AwsSession;
  readonly identity: AwsIdentity;
  readonly book: RecordBook;
}

export interface PartWork<T> {
  /** Looks by tag; undefined when AWS shows none. */
  find(): Promise<T | undefined>;
  create(): Promise<T>;
  /** What an earlier look for all parts found. */
  readonly known?: T | undefined;
}

/** How long AWS may take to show what was made, with its tags. */
export const settleMs = 60_000;
const tries = 3;

/**
 * One thing of the cluster, made once: the intent is written before the create, and a create whose
 * answer was lost, in this run or in a killed one, is looked for until AWS must have shown it.
 */
export async function ensurePart<T>(place: Place, part: string, work: PartWork<T>): Promise<T> {
  const { book, session } = place;
  const begun = book.current().intents[part];
  const present =
    work.known ??
    (begun === undefined ? await work.find() : await findUntil(place, work, begun + settleMs));
  if (present !== undefined) return present;
  for (let attempt = 1; ; attempt += 1) {
    const at = session.clock.now();
    await book.change(({ intents }) => ({ intents: { ...intents, [part]: at } }));
    try {
      return await work.create();
    } catch (error) {
      if (hasCode(error, "cancelled")) throw error;
      const unsure = hasCode(error, "unreachable");
      if (!unsure && !hasCode(error, "exists")) {
        await book.change(({ intents }) => ({ intents: without(intents, part) }));
        throw error;
      }
      const made = await findUntil(place, work, at + settleMs);
      if (made !== undefined) return made;
      if (!unsure || attempt === tries) throw error;
    }
  }
}

async function findUntil<T>(
  { session }: Place,
  work: PartWork<T>,
  deadline: number,
): Promise<T | undefined> {
  for (;;) {
    const found = await work.find();
    if (found !== undefined || session.clock.now() >= deadline) return found;
    await session.clock.sleep(2000, session.signal);
  }
}

/** The entries without one. */
export function without<T>(
  entries: Readonly<Record<string, T>>,
  name: string,
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(entries).filter(([key]) => key !== name));
}

/** All items of all pages. */
export async function everyItem<Page, Item>(
  pages: AsyncIterable<Page>,
  items: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const found: Item[] = [];
  for await (const page of pages) found.push(...(items(page) ?? []));
  return found;
}

/** The id that AWS gives to everything it makes. */
export function given(id: string | undefined, what: string): string {
  if (id === undefined || id === "") throw new Error(`AWS gave no id for ${what}`);
  return id;
}
