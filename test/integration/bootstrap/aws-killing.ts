import type { ProviderContext } from "#bootstrap/providers/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import type { AwsCall } from "#test/lab/aws-faults";
import type { AwsWorld } from "./aws-world.ts";

/** How the answer to the last call before the end is lost: carried out, or never sent. */
export type Loss = "answer-lost" | "not-sent";

/** Tells calls apart: those of one key are killed once. */
export type Sampling = (call: AwsCall) => string;

/** Every call that changes something. */
export const everyChange: Sampling = ({ parameters }) => parameters.toString();

/** One call of each action: two machines are started by the same code. */
export const everyAction: Sampling = ({ action }) => action;

const looks = /^(Describe|Get|List)/;

/** What a killed program does, and what one does that goes on. */
export function killing(world: AwsWorld) {
  const ensure = (context: ProviderContext) =>
    world.provider.ensure(context, wantedMachines(context.spec));
  const remove = (context: ProviderContext) => world.provider.remove(context, "all");

  /** Runs `work` until a change that `fits`; then the program is gone: no answer, and no call after it. */
  const killed = async (
    context: ProviderContext,
    loss: Loss,
    fits: (call: AwsCall) => boolean,
    work: (context: ProviderContext) => Promise<unknown>,
  ): Promise<AwsCall | undefined> => {
    const killer = new AbortController();
    let last: AwsCall | undefined;
    world.faults.rule = (call) => {
      if (last) return { kind: "not-sent" };
      if (looks.test(call.action) || !fits(call)) return undefined;
      last = call;
      // The abort comes while the call is under way, as a signal does.
      setImmediate(() => {
        killer.abort(new Error("killed"));
      });
      return { kind: loss };
    };
    await work({ ...context, signal: killer.signal }).catch((error: unknown) => {
      if (!last) throw error;
    });
    world.faults.rule = () => undefined;
    return last;
  };

  /** Kills a run at every sample there is, each in a run of its own that goes on where the last died. */
  const killedAtEvery = async (
    sample: Sampling,
    context: ProviderContext,
    loss: Loss,
    work: (context: ProviderContext) => Promise<unknown>,
  ): Promise<readonly string[]> => {
    const died = new Map<string, string>();
    for (;;) {
      const call = await killed(context, loss, (one) => !died.has(sample(one)), work);
      if (!call) return [...died.values()];
      died.set(sample(call), call.action);
      if (died.size > 300) throw new Error(`no end: ${[...died.values()].join(" ")}`);
    }
  };

  return { ensure, remove, killed, killedAtEvery };
}

/** Kinds and how many of each: ids differ from run to run. */
export const kindsOf = (things: readonly string[]): readonly string[] =>
  things.map((one) => one.split(" ")[0] ?? "");
