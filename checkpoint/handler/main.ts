import { systemClock } from "#core/clock";
import { nodePaths } from "#checkpoint/api/names";
import { createProgramRunner } from "#checkpoint/handler/program";
import { createContainer, reportToRuntime } from "#checkpoint/handler/restore-container";
import { parseCreateCall, type CreateCall } from "#checkpoint/handler/runtime-call";

/** Entry of dist/restore-helper.mjs: `node restore-helper.mjs RUNC [globals] create [options] ID`. */
async function main(argv: readonly string[]): Promise<number> {
  const [runtime = "runc", ...words] = argv;
  let call: CreateCall | undefined;
  try {
    call = parseCreateCall(words);
    const run = createProgramRunner(call.preservedFds);
    const outcome = await createContainer(
      {
        runtime,
        restores: nodePaths.restores,
        markers: nodePaths.markers,
        run,
        clock: systemClock,
      },
      call,
    );
    if (outcome === "restored") return 0;
    return (await run([runtime, ...words], "inherit")).status;
  } catch (error) {
    // stdout and stderr belong to the container.
    await reportToRuntime(call?.log, error).catch(() => undefined);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
