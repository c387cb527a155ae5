import { createBell } from "#core/bell";
import { messageOf } from "#core/error";
import type { LeadingContext } from "#kube/leading-service";
import { keepClaims } from "#webhook/controller/claims";
import { keepCertificates } from "#webhook/controller/keep-certificates";
import { writeStatuses } from "#webhook/controller/policy-status";
import { keepSecretIndex } from "#webhook/controller/secret-index";
import { wantedKeys, watchSecrets } from "#webhook/controller/secret-watches";
import type { ControllerSettings } from "#webhook/controller/settings";
import { policyName } from "#webhook/policy/precedence";
import { openWorld } from "#webhook/world/world";

interface ControllerContext extends LeadingContext {
  readonly settings: ControllerSettings;
}

const tickMs = 30_000;
const retryMs = 2_000;
/** Changes that come together are answered together. */
const gatherMs = 100;

/** Certificates, the index of Secrets, homes and policies' statuses, until the signal aborts. */
export async function runController(context: ControllerContext): Promise<void> {
  const { settings } = context;
  await Promise.all([
    keepObjects(context),
    ...(settings.rotation ? [keepCertificates(context, settings.rotation)] : []),
  ]);
}

async function keepObjects(context: ControllerContext): Promise<void> {
  const { kube, clock, log, signal } = context;
  const bell = createBell();
  const dirty = new Set<string>();
  let reconsider = () => undefined as unknown;
  const world = openWorld({
    ...context,
    onChange: () => {
      reconsider();
      bell.ring();
    },
  });
  const secrets = watchSecrets(context, (namespace) => {
    dirty.add(namespace);
    bell.ring();
  });
  const index = keepSecretIndex({ ...context, secrets, dirty, ring: bell.ring });
  const claims = keepClaims(context, world, bell.ring);
  reconsider = claims.reconsider;

  const attempt = async (what: string, work: () => Promise<number | undefined>) => {
    try {
      return (await work()) ?? Infinity;
    } catch (error) {
      log({ level: "warn", message: `${what}: ${messageOf(error)}` });
      return clock.now() + retryMs;
    }
  };

  async function pass(): Promise<number> {
    if (!world.synced()) return Infinity;
    secrets.follow(wantedKeys(world.allPolicies()));
    const times = [
      await attempt("index of Secrets", async () => {
        await index.pass();
        return dirty.size > 0 ? clock.now() + retryMs : undefined;
      }),
      await attempt("claims", claims.pass),
      await attempt("statuses", async () => {
        if (claims.synced()) await writeAll();
        return undefined;
      }),
    ];
    return Math.min(...times);
  }

  const writeAll = () =>
    writeStatuses(
      kube,
      world.allPolicies(),
      (policy) => ({
        claims: claims.count(policyName(policy)),
        claimTroubles: claims.troubles(policyName(policy)),
        overfull: index.overfull(),
      }),
      new Date(clock.now()).toISOString(),
    );

  let pause = 0;
  while (await bell.wait(pause, clock, signal)) {
    await clock.sleep(gatherMs, signal).catch(() => undefined);
    const next = await pass();
    pause = Math.min(tickMs, Math.max(0, next - clock.now()));
  }
  await world.ended;
}
