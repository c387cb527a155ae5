import { Refusal } from "./refusal.ts";

/** The newest version of each API that the fake's shapes were compared with, most special first. */
const newest: readonly (readonly [path: RegExp, version: string])[] = [
  [/\/providers\/Microsoft\.\w+(\/register)?$/i, "2025-04-01"],
  [/\/providers\/Microsoft\.Compute\/disks(\/|$)/i, "2026-03-02"],
  [/\/providers\/Microsoft\.Compute\/skus$/i, "2021-07-01"],
  [/\/providers\/Microsoft\.Compute\/./i, "2026-04-01"],
  [/\/providers\/Microsoft\.Network\/./i, "2026-01-01"],
  [/\/providers\/Microsoft\.ManagedIdentity\/./i, "2024-11-30"],
  [/\/providers\/Microsoft\.Authorization\/./i, "2022-04-01"],
  [/^\/subscriptions(\/[^/]+(\/locations)?)?$/i, "2022-12-01"],
  [/^\/subscriptions\//i, "2025-04-01"],
];

/** Fails as ARM does for a version that it does not have, and for one whose shapes nobody looked at. */
export function checkVersion(path: string, version: string | null): void {
  if (version === null) {
    throw new Refusal(
      400,
      "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required for all requests.",
    );
  }
  const last = newest.find(([pattern]) => pattern.test(path))?.[1] ?? version;
  if (/^20\d\d-\d\d-\d\d$/.test(version) && version <= last) return;
  throw new Refusal(
    400,
    "NoRegisteredProviderFound",
    `No registered resource provider found for API version '${version}' of '${path}'. The supported api-versions end with '${last}'.`,
  );
}
