import { hasAwsCode } from "./aws-error.ts";
import { identityOf } from "./identity.ts";
import type { Place } from "./part.ts";
import { openBook, readAwsRecord, type AwsRecord } from "./record.ts";
import { callerOf, openSession, type AwsSession, type Caller } from "./session.ts";
import { parseAwsSettings, type AwsSettings } from "./settings.ts";
import type { SshAddress } from "#bootstrap/nodes/node-access";
import type { ProviderContext } from "#bootstrap/providers/provider";
import type { Clock } from "#core/clock";
import { ClouderError, hasCode } from "#core/error";

/** What the provider needs of the world beyond AWS. */
export interface AwsSurroundings {
  readonly clock: Clock;
  /** This machine's public address, when somebody tells it. */
  callerAddress(): Promise<string | undefined>;
  /** True once an SSH server answers there. */
  answersSsh(address: SshAddress): Promise<boolean>;
}

/** A session in the cluster's region, with the settings read. */
export interface Workplace {
  readonly session: AwsSession;
  readonly settings: AwsSettings;
  readonly record: AwsRecord | undefined;
  readonly caller: Caller;
}

/**
 * Opens AWS for a cluster: region and account are those of the first create, whatever the
 * environment says now; `refused` when the credentials are another account's.
 */
export async function openWorkplace(context: ProviderContext, clock: Clock): Promise<Workplace> {
  const settings = parseAwsSettings(context.spec.provider.settings);
  const record = await readAwsRecord(context.folder);
  if (record && settings.region !== undefined && record.region !== settings.region) {
    throw new ClouderError(
      "refused",
      `${context.spec.name} is in ${record.region}, not in ${settings.region}`,
      { hint: "leave the region out, or choose another name for a cluster there" },
    );
  }
  const session = await openSession({
    region: record?.region ?? settings.region,
    environment: context.environment,
    clock,
    report: context.report,
    signal: context.signal,
  });
  const caller = await callerIn(session);
  const account = record?.account ?? settings.account;
  if (account !== undefined && account !== caller.account) {
    throw new ClouderError(
      "refused",
      `the credentials are of the account ${caller.account}, ${context.spec.name} is in ${account}`,
      { hint: "choose the profile of that account with AWS_PROFILE" },
    );
  }
  return { session, settings, record, caller };
}

/** A region that the account has not switched on refuses credentials which are good elsewhere. */
async function callerIn(session: AwsSession): Promise<Caller> {
  try {
    return await callerOf(session);
  } catch (error) {
    if (hasAwsCode(error, /^InvalidClientTokenId$/) && hasCode(error, "unauthenticated")) {
      throw new ClouderError(error.code, error.message, {
        hint: `check the access key, and that the account has the region ${session.region} switched on`,
        details: error.details,
        cause: error,
      });
    }
    throw error;
  }
}

/** The same with everything that making things needs; the record is begun. */
export async function openSite(
  context: ProviderContext,
  { session, caller }: Workplace,
): Promise<Place> {
  const identity = identityOf(context.spec.name, context.uid);
  const book = await openBook(context.folder, {
    account: caller.account,
    region: session.region,
  });
  return { session, identity, book };
}

/** Credentials must last for the work; those that can be refreshed are. */
const leastLifeMs = 10 * 60_000;

/** Fails with `unauthenticated` when the credentials end before a create could. */
export async function checkLife({ session, caller }: Workplace): Promise<void> {
  const ends = (expires: Date | undefined) =>
    expires === undefined ? Infinity : expires.getTime() - session.clock.now();
  if (ends(caller.expires) >= leastLifeMs) return;
  const fresh = await session.ec2.config.credentials({ forceRefresh: true });
  const left = ends(fresh.expiration);
  if (left >= leastLifeMs) return;
  const minutes = Math.floor(left / 60_000);
  throw new ClouderError(
    "unauthenticated",
    left <= 0
      ? "the AWS credentials have expired"
      : `the AWS credentials end in ${minutes} minutes, before the cluster would be ready`,
    { hint: "get new ones: `aws sso login`, or a new session token" },
  );
}
