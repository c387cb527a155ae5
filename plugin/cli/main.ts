import { exitStatus, hasCode } from "#core/error";
import type { CommandDefinition } from "#plugin/cli/command";
import { readCatalog, type Catalog } from "#plugin/cli/catalog";
import { resolve } from "#plugin/cli/resolve";

/** Entry of `kubectl clouder`. Help and version come from the build's catalog and load nothing else. */

const root = new URL("../../", import.meta.url);
const argv = process.argv.slice(2);
/** 2 for a command whose 1 says that something differs. */
let leastOfFailures = 1;

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // The reader of a pipe (head, less) has had enough.
  if (error.code !== "EPIPE") throw error;
});

process.on("uncaughtException", (error) => {
  // Nobody is left who could clean up: say it and go.
  void fail(error).finally(() => process.exit(70));
});

try {
  const catalog = readCatalog(root);
  const wanted = resolve(argv, catalog);
  if (wanted.kind === "version") process.stdout.write(`${catalog.version}\n`);
  else if (wanted.kind === "help") process.stdout.write(catalog.help[wanted.id] ?? "");
  else await run(wanted.id, wanted.argv, catalog);
} catch (error) {
  await fail(error);
}

async function fail(thrown: unknown): Promise<void> {
  const [{ renderError, renderErrorJson }, { expected }] = await Promise.all([
    import("#plugin/output/errors"),
    import("#plugin/cli/system-error"),
  ]);
  const error = expected(thrown);
  process.stderr.write(wantsJson() ? renderErrorJson(error) : renderError(error));
  process.exitCode = Math.max(leastOfFailures, exitStatus(error));
}

async function run(id: string, args: readonly string[], catalog: Catalog): Promise<void> {
  const [{ parseArguments }, { createContext }, { profileVariables }] = await Promise.all([
    import("#plugin/cli/run-command"),
    import("#plugin/cli/wiring"),
    import("#plugin/cli/profile"),
  ]);
  const environment = process.env;
  Object.assign(environment, await profileVariables(environment, catalog));
  const file = new URL(`plugin/commands/${id.replaceAll(":", "/")}.js`, root);
  const loaded = (await import(file.href)) as { readonly default: CommandDefinition };
  if (loaded.default.compares) leastOfFailures = 2;
  const parsed = await parseArguments(id, loaded.default, args);

  const [{ createProgress }, { renderResult }] = await Promise.all([
    import("#plugin/output/progress"),
    import("#plugin/output/print"),
  ]);
  const progress = createProgress(parsed.flags["progress"] as "auto", process.stderr, {
    verbose: parsed.flags["verbose"] === true,
  });
  const { signal, release } = abortOnInterrupt(() => {
    progress.stop();
  });
  try {
    const context = createContext(parsed.flags, {
      environment,
      signal,
      report: progress.report,
      pauseProgress: () => {
        progress.stop();
      },
    });
    const result = await loaded.default.execute(parsed, context);
    progress.stop();
    if (result === undefined) return;
    const printed = await renderResult(result, parsed.flags["output"] as "table");
    process.stderr.write(printed.stderr);
    process.stdout.write(printed.stdout);
    process.exitCode = result.exitCode ?? 0;
  } catch (error) {
    // Whatever an abort tore down on its way is not what the user wants to read.
    if (!signal.aborted || hasCode(error, "cancelled")) throw error;
    const { ClouderError } = await import("#core/error");
    throw new ClouderError("cancelled", "cancelled", { cause: error });
  } finally {
    progress.stop();
    release();
  }
}

/** The first Ctrl-C asks the job to clean up and end; the second ends the process at once. */
function abortOnInterrupt(onInterrupt: () => void) {
  const controller = new AbortController();
  const interrupt = () => {
    // A second one must not wait for anything.
    if (controller.signal.aborted) process.exit(130);
    onInterrupt();
    process.stderr.write("cancelling; once more to end at once\n");
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const release = () => {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  };
  return { signal: controller.signal, release };
}

/** Also when the arguments could not be parsed. */
function wantsJson(): boolean {
  return argv.some(
    (token, index) =>
      /^(-o=?json|--output=json)$/.test(token) ||
      (token === "json" && /^(-o|--output)$/.test(argv[index - 1] ?? "")),
  );
}
