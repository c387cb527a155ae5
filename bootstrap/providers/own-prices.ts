import {
  fields,
  shown,
  text,
  wholeDocument,
  wrongField,
  type Place,
} from "#bootstrap/spec/document";
import { readSource } from "#bootstrap/spec/read-source";
import { toldBySource } from "#bootstrap/spec/source";

/** What the user pays, instead of the table that comes with the program. */
export interface OwnPrices {
  /** Day of these prices. */
  readonly asOf: string;
  /** In another currency than the table's USD, the table's prices count for nothing. */
  readonly currency: string;
  /** Of one, an hour, by the name that a plan gives to a part: "m5.xlarge in us-east-1". */
  readonly perHour: Readonly<Record<string, number>>;
}

/** Reads a file of the user's prices; `config` names file, line, column and value of what is wrong. */
export async function readOwnPrices(document: string, file: string): Promise<OwnPrices> {
  const source = await readSource(document, file);
  try {
    const names = ["asOf", "currency", "perHour"];
    const { asOf, currency, perHour } = fields({ path: wholeDocument, value: source.value }, names);
    return {
      asOf: day({ path: "asOf", value: asOf }),
      currency: currencyOf({ path: "currency", value: currency }),
      perHour: amounts({ path: "perHour", value: perHour }),
    };
  } catch (error) {
    throw toldBySource(error, {}, source);
  }
}

function day(place: Place): string {
  const value = text(place);
  if (value !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(value)) return value;
  const problem = value === undefined ? "is missing" : `${shown(value)} is not a day`;
  throw wrongField(place.path, problem, 'use for example "2026-11-21"');
}

function currencyOf(place: Place): string {
  const value = text(place) ?? "USD";
  if (/^[A-Z]{3}$/.test(value)) return value;
  throw wrongField(place.path, `${shown(value)} is not a currency`, "use for example EUR");
}

function amounts({ path, value }: Place): Readonly<Record<string, number>> {
  const names = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const given = fields({ path, value }, names);
  if (names.length === 0) {
    const hint =
      "write the names that a plan shows, each with its price: t3.large in us-east-1: 0.07";
    throw wrongField(path, "has no price", hint);
  }
  return Object.fromEntries(
    Object.entries(given).map(([name, price]) => {
      if (typeof price === "number" && price >= 0 && Number.isFinite(price)) return [name, price];
      const problem = `must be a price of one hour, not ${shown(price)}`;
      throw wrongField(`${path}.${name}`, problem, "write a number, for example 0.07");
    }),
  );
}
