import { createHttpHeaders, createPipelineRequest } from "@azure/core-rest-pipeline";
import { expect, test } from "vitest";
import { boundedPolicy } from "#bootstrap/providers/azure/bounded-policy";

const policy = boundedPolicy("https://management.azure.com");

/** What an SDK reads of an answer with these headers. */
async function seen(headers: Record<string, string>, url = "https://management.azure.com/x") {
  const request = createPipelineRequest({ url });
  const answer = { request, status: 429, headers: createHttpHeaders(headers) };
  const response = await policy.sendRequest(request, () => Promise.resolve(answer));
  return { headers: response.headers, timeout: request.timeout };
}

test.each([
  ["retry-after", "7", "7"],
  ["retry-after", "3600", "60"],
  ["retry-after", new Date(Date.now() + 3_600_000).toUTCString(), "60"],
  ["retry-after-ms", "250", "250"],
  ["x-ms-retry-after-ms", "3600000", "60000"],
])(
  "a throttle's %s of %s is read as %s: a minute is the longest wait",
  async (name, said, read) => {
    expect((await seen({ [name]: said })).headers.get(name)).toBe(read);
  },
);

test("an answer is waited for with an end", async () => {
  expect((await seen({})).timeout).toBe(90_000);
});

test.each(["https://example.invalid/x", "http://management.azure.com/x"])(
  "nothing is sent to %s, which is not the endpoint",
  async (url) => {
    await expect(seen({}, url)).rejects.toMatchObject({ code: "refused" });
  },
);
