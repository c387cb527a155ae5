import type { Creator, InjectionWorld } from "#webhook/policy/request";
import type { Labels } from "#webhook/policy/selector";

/** The world as far as its caches know it; to ask for more than that ends the attempt. */
export interface KnownWorld extends Pick<InjectionWorld, "policies" | "secrets"> {
  namespaceLabels(name: string): Labels;
  serviceAccountLabels(namespace: string, name: string): Labels;
  /** Throws when nobody answered. */
  mayUse(creator: Creator, namespace: string, user: string): boolean;
}

/** Ends an attempt that needs what must be waited for. */
class NotYet extends Error {
  readonly question: string;
  readonly answer: Promise<unknown>;

  constructor(question: string, answer: Promise<unknown>) {
    super(`${question} is not known yet`);
    this.question = question;
    this.answer = answer;
  }
}

type Answers = Map<string, PromiseSettledResult<unknown>>;

/**
 * What `attempt` makes of the world, at once when the caches know all it asks for, which is nearly
 * always; otherwise it is begun anew with each answer. It must have no effect.
 */
export function withKnown<T>(
  world: InjectionWorld,
  attempt: (known: KnownWorld) => T,
): T | Promise<T> {
  try {
    return attempt(knownOf(world, undefined));
  } catch (error) {
    if (error instanceof NotYet) return afterAnswers(world, attempt, error);
    throw error;
  }
}

async function afterAnswers<T>(
  world: InjectionWorld,
  attempt: (known: KnownWorld) => T,
  first: NotYet,
): Promise<T> {
  const answers: Answers = new Map();
  const known = knownOf(world, answers);
  let open = first;
  for (;;) {
    const [settled] = await Promise.allSettled([open.answer]);
    answers.set(open.question, settled);
    try {
      return attempt(known);
    } catch (error) {
      if (!(error instanceof NotYet)) throw error;
      open = error;
    }
  }
}

function knownOf(world: InjectionWorld, answers: Answers | undefined): KnownWorld {
  return {
    policies: (namespace) => world.policies(namespace),
    secrets: (namespace) => world.secrets(namespace),
    namespaceLabels: (name) =>
      known(answers, `namespace ${name}`, () => world.namespaceLabels(name)),
    serviceAccountLabels: (namespace, name) =>
      known(answers, `account ${namespace}/${name}`, () =>
        world.serviceAccountLabels(namespace, name),
      ),
    mayUse: (creator, namespace, user) =>
      known(answers, `right to ${user}`, () => world.mayUse(creator, namespace, user)),
  };
}

/** An answer that was waited for holds for the whole attempt, also where no cache keeps it. */
function known<T>(answers: Answers | undefined, question: string, ask: () => T | Promise<T>): T {
  const settled = answers?.get(question);
  if (settled?.status === "fulfilled") return settled.value as T;
  if (settled?.status === "rejected") throw settled.reason;
  const answer = ask();
  if (answer instanceof Promise) throw new NotYet(question, answer);
  return answer;
}

/** Is it only that an answer must be waited for? */
export function isNotYet(error: unknown): boolean {
  return error instanceof NotYet;
}
