import type { Clock } from "#core/clock";
import { jsonOf, unexpected, type AskMetadata } from "#checkpoint/agent/preemption/metadata";
import type { NoticeSource, PreemptionNotice } from "#checkpoint/agent/preemption/notice";

const timeoutMs = 2_000;
const tokenSeconds = 300;
const interruption = "/latest/meta-data/spot/instance-action";
const rebalance = "/latest/meta-data/events/recommendations/rebalance";

/** Notices of EC2, by version 2 of its metadata service; AWS advises to ask every five seconds. */
export function awsNotices(ask: AskMetadata, clock: Clock): NoticeSource {
  let token = { value: "", until: 0 };

  const newToken = async (signal: AbortSignal) => {
    const path = "/latest/api/token";
    const headers = { "X-aws-ec2-metadata-token-ttl-seconds": String(tokenSeconds) };
    const answer = await ask({ method: "PUT", path, headers, timeoutMs }, signal);
    if (answer.status !== 200) throw unexpected(path, answer);
    // A token that ends under way would cost a round.
    token = { value: answer.body, until: clock.now() + (tokenSeconds - 10) * 1000 };
  };

  const read = async (path: string, signal: AbortSignal): Promise<unknown> => {
    for (let renewed = false; ; renewed = true) {
      if (renewed || clock.now() >= token.until) await newToken(signal);
      const headers = { "X-aws-ec2-metadata-token": token.value };
      const answer = await ask({ path, headers, timeoutMs }, signal);
      if (answer.status === 200) return jsonOf(path, answer);
      // No notice stands.
      if (answer.status === 404) return undefined;
      if (answer.status !== 401 || renewed) throw unexpected(path, answer);
    }
  };

  return {
    ...{ cloud: "aws", everyMs: 5_000 },
    poll: async (signal) => [
      ...interruptionOf(await read(interruption, signal)),
      ...rebalanceOf(await read(rebalance, signal)),
    ],
  };
}

function interruptionOf(answer: unknown): readonly PreemptionNotice[] {
  const { action, time } = (answer ?? {}) as { readonly action?: string; readonly time?: string };
  if (action === undefined) return [];
  const deadline = Date.parse(time ?? "");
  return [
    {
      ...{ id: `spot-${action}-${time ?? ""}`, kind: "interruption", action },
      ...(!Number.isNaN(deadline) && { deadline }),
    },
  ];
}

function rebalanceOf(answer: unknown): readonly PreemptionNotice[] {
  const { noticeTime } = (answer ?? {}) as { readonly noticeTime?: string };
  if (noticeTime === undefined) return [];
  return [{ id: `rebalance-${noticeTime}`, kind: "rebalance", action: "rebalance" }];
}
