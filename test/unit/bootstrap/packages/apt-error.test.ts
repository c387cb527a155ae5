import { expect, test } from "vitest";
import { aptFailed } from "#bootstrap/packages/apt/apt-error";

test.each([
  ["E: The repository 'https://m/x InRelease' is not signed.", "integrity", /fingerprints/],
  ["The following signatures were invalid: EXPKEYSIG 234654DA9A296436", "integrity", /prolonged/],
  [
    "Sub-process /usr/bin/sqv returned an error code (1): Missing key DE15",
    "integrity",
    /pinned|key/,
  ],
  ["E: Failed to fetch https://m/x  Could not resolve 'm'", "unreachable", /proxy/],
  [
    "Could not connect to 10.0.0.1:443 (10.0.0.1). - connect (111: Connection refused)",
    "unreachable",
    /mirror/,
  ],
  ["E: Failed to fetch https://m/x  404  Not Found", "not-found", /--kubernetes-version/],
  [
    "Certificate verification failed: The certificate is NOT trusted.",
    "unauthenticated",
    /packages\.ca/,
  ],
  ["E: You don't have enough free space in /var/cache/apt/archives/.", "no-space", /room/],
  ["E: Packages need to be removed but remove is disabled.", "conflict", /docker\.io/],
  ["E: Sub-process /usr/bin/dpkg returned an error code (1)", "remote-command", /dpkg --audit/],
])("apt's %j is told as %s with a cure", (said, code, hint) => {
  const error = aptFailed("lab-node-1", "the repository https://m/x", said);
  expect(error.code).toBe(code);
  expect(error.hint).toMatch(hint);
  expect(error.details).toMatchObject({ host: "lab-node-1" });
});
