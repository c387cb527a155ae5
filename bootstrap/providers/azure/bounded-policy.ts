import type { PipelinePolicy, PipelineResponse } from "@azure/core-rest-pipeline";
import { ClouderError } from "#core/error";

const longestTryMs = 90_000;
const longestWaitMs = 60_000;

/**
 * What every request of every SDK keeps to, each time it is sent: it goes to no server but the
 * endpoint's, an answer is not waited for without end, and neither is a throttle's own time.
 */
export function boundedPolicy(endpoint: string): PipelinePolicy {
  const { origin } = new URL(endpoint);
  return {
    name: "clouderBounds",
    async sendRequest(request, next) {
      // Addresses to follow come from answers: no other server is to see the token.
      const { origin: asked, host } = new URL(request.url);
      if (asked !== origin) {
        throw new ClouderError("refused", `Azure's answer points to another server, ${host}`);
      }
      request.timeout = longestTryMs;
      const response = await next(request);
      shortenWait(response);
      return response;
    },
  };
}

/** The SDKs wait as long as they are told to; an hour is no answer for somebody at a terminal. */
function shortenWait({ headers }: PipelineResponse): void {
  for (const name of ["retry-after-ms", "x-ms-retry-after-ms"]) {
    if (Number(headers.get(name) ?? 0) > longestWaitMs) headers.set(name, String(longestWaitMs));
  }
  const after = headers.get("retry-after");
  if (after === undefined) return;
  const seconds = Number(after);
  const wait = Number.isNaN(seconds) ? Date.parse(after) - Date.now() : seconds * 1000;
  if (wait > longestWaitMs) headers.set("retry-after", String(longestWaitMs / 1000));
}
