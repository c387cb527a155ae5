import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Many files wait for servers and processes rather than compute. */
const workers = Math.max(3, availableParallelism());

const project = (name: string, include: string[], timeout: number, parallel: boolean) => ({
  test: {
    name,
    include,
    testTimeout: timeout,
    hookTimeout: timeout * 4,
    ...(parallel ? { maxWorkers: workers } : { fileParallelism: false }),
    ...(name === "e2e" ? { globalSetup: ["test/e2e/setup.ts"] } : {}),
    sequence: { shuffle: { files: false, tests: !["e2e", "alone"].includes(name) } },
  },
});

export default defineConfig({
  test: {
    projects: [
      project("unit", ["test/unit/**/*.test.ts"], 10_000, true),
      project("contract", ["test/contract/**/*.test.ts"], 60_000, true),
      project("integration", ["test/integration/**/*.test.ts"], 120_000, true),
      project("e2e", ["test/e2e/*.test.ts"], 300_000, false),
      // Each file needs the whole host: no cluster runs beside it.
      project("alone", ["test/e2e/alone/*.test.ts"], 300_000, false),
    ],
  },
});
