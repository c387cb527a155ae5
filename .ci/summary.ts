import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Adds up vitest's JSON results and ends with the one line that counts. */

interface VitestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const [folder = ".", ...failedSteps] = process.argv.slice(2);
let passed = 0;
let failed = failedSteps.length;
let skipped = 0;
for (const file of readdirSync(folder)) {
  const result = JSON.parse(readFileSync(join(folder, file), "utf8")) as VitestResult;
  passed += result.numPassedTests;
  failed += result.numFailedTests;
  skipped += result.numPendingTests;
  for (const suite of result.testResults) {
    for (const test of suite.assertionResults) {
      if (test.status === "failed")
        process.stdout.write(`failed: ${suite.name}: ${test.fullName}\n`);
    }
    if (suite.status === "failed" && suite.assertionResults.length === 0) {
      process.stdout.write(`failed to load: ${suite.name}\n`);
    }
  }
}
for (const step of failedSteps) process.stdout.write(`failed step: ${step}\n`);
process.stdout.write(
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`,
);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
