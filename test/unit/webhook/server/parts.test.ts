import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBodyRoom, isTooDense } from "#webhook/server/body-room";
import { timeLimit } from "#webhook/server/calls";
import { createFigures } from "#webhook/server/figures";
import { createLatency } from "#webhook/server/latency";
import { readSettings } from "#webhook/server/settings";
import { createTroubles } from "#webhook/server/troubles";
import type { LogEntry } from "#core/log";

describe("room for bodies", () => {
  it("F17 is bounded, and large ones leave the rest to usual pods", () => {
    const room = createBodyRoom({ total: 100, large: 40, largeFrom: 10 });
    const large = { held: 0 };
    const second = { held: 0 };
    expect(room.take(large, 30)).toBe(true);
    expect(room.take(second, 9)).toBe(true);
    expect(room.take(second, 10)).toBe(false);
    room.release(large);
    expect(room.take(second, 10)).toBe(true);
    expect(room.held).toBe(19);
  });

  it("gives back exactly what was taken", () => {
    const takes = fc.array(fc.tuple(fc.nat(4), fc.nat(60)));
    fc.assert(
      fc.property(takes, (all) => {
        const room = createBodyRoom({ total: 200, large: 100, largeFrom: 30 });
        const shares = Array.from({ length: 5 }, () => ({ held: 0 }));
        for (const [index, bytes] of all) room.take(shares[index]!, bytes);
        expect(room.held).toBe(shares.reduce((sum, { held }) => sum + held, 0));
        expect(room.held).toBeLessThanOrEqual(200);
        for (const share of shares) room.release(share);
        expect(room.held).toBe(0);
        expect(room.take({ held: 0 }, 100)).toBe(true);
      }),
    );
  });

  it("F17 knows JSON that would fill the heap", () => {
    expect(isTooDense(Buffer.from("[],".repeat(500_000)))).toBe(true);
    expect(isTooDense(Buffer.from(`{"a":"${"x".repeat(2_000_000)}"}`))).toBe(false);
    expect(isTooDense(Buffer.from('{"name":"A","value":"some value"},'.repeat(60_000)))).toBe(
      false,
    );
  });
});

describe("the time limit of a call", () => {
  it("stays below what the API server says it waits", () => {
    expect(timeLimit("/mutate?timeout=5s", 10_000)).toBe(4_000);
    expect(timeLimit("/mutate?timeout=500ms", 10_000)).toBe(400);
    expect(timeLimit("/mutate?x=1&timeout=2.5s&y", 10_000)).toBe(2_000);
    expect(timeLimit("/mutate", 10_000)).toBe(8_000);
    expect(timeLimit("/mutate?timeout=1m", 10_000)).toBe(8_000);
    expect(timeLimit("/mutate?timeout=forever", 10_000)).toBe(8_000);
  });
});

describe("figures", () => {
  it("are written as Prometheus reads them", () => {
    const figures = createFigures(
      () => 0,
      [{ name: "requests_in_flight", help: "Calls under way.", read: () => 3 }],
    );
    figures.count("patched");
    figures.count("patched");
    figures.count("refused");
    figures.latency.observe(0.7);
    figures.latency.observe(40);
    const source = { policy: "p", item: "i" };
    figures.countOutcomes([
      { source, where: "w", result: "injected" },
      { source, where: "w", result: "skipped", reason: 'a "quoted"\nreason' },
    ]);
    const text = figures.text();
    expect(text).toContain('clouder_webhook_requests_total{result="patched"} 2');
    expect(text).toContain('clouder_webhook_items_total{result="injected"} 1');
    expect(text).toContain('clouder_webhook_skipped_total{reason="a \\"quoted\\"\\nreason"} 1');
    expect(text).toContain('request_duration_seconds_bucket{le="0.001"} 1');
    expect(text).toContain('request_duration_seconds_bucket{le="0.05"} 2');
    expect(text).toContain('request_duration_seconds_bucket{le="+Inf"} 2');
    expect(text).toContain("clouder_webhook_requests_in_flight 3");
    for (const line of text.trimEnd().split("\n")) {
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="([^"\\]|\\.)*"\})? [\d.e+-]+)$/);
    }
  });

  it("count reasons beyond a bound together", () => {
    const figures = createFigures(() => 0, []);
    for (let index = 0; index < 500; index += 1) {
      const source = { policy: "p", item: "i" };
      const reason = `reason ${String(index)}`;
      figures.countOutcomes([{ source, where: "w", result: "skipped", reason }]);
    }
    expect(figures.text().match(/skipped_total\{/g)).toHaveLength(51);
    expect(figures.text()).toContain('skipped_total{reason="other"} 450');
  });

  it("quote quantiles within a tenth, and forget what is old", () => {
    let now = 0;
    const latency = createLatency(() => now);
    for (let index = 1; index <= 1000; index += 1) latency.observe(index / 10);
    expect(latency.quantile(0.99)! / 99).toBeCloseTo(1, 0);
    expect(latency.quantile(0.99)!).toBeGreaterThan(98);
    expect(latency.quantile(0.99)!).toBeLessThan(110);
    expect(latency.quantile(0.5)!).toBeLessThan(56);
    now += 300_000;
    expect(latency.quantile(0.5)).toBeDefined();
    now += 300_000;
    expect(latency.quantile(0.5)).toBeUndefined();
  });
});

describe("troubles", () => {
  it("keep the last ones and do not flood the log", () => {
    let now = 1_000;
    const lines: LogEntry[] = [];
    const troubles = createTroubles(
      (entry) => lines.push(entry),
      () => now,
    );
    for (let index = 0; index < 100; index += 1) troubles.note(`fault ${String(index)}`);
    expect(lines).toHaveLength(5);
    expect(troubles.recent()).toHaveLength(10);
    expect(troubles.recent().at(-1)?.message).toBe("fault 99");
    now += 1_000;
    troubles.note("later");
    expect(lines.at(-1)).toMatchObject({ message: "later", unsaidBefore: 95 });
  });
});

describe("settings", () => {
  const defaults = { podName: "here", certificateSecret: "tls" };
  it("have defaults for everything", () => {
    expect(readSettings({}, defaults)).toMatchObject({
      port: 8443,
      timeoutMs: 10_000,
      onFault: "deny",
      certificateFolder: undefined,
      certificateSecret: "tls",
      podName: "here",
    });
  });

  it("name the variable that is wrong", () => {
    const port = { CLOUDER_WEBHOOK_PORT: "https" };
    expect(() => readSettings(port, defaults)).toThrow(/CLOUDER_WEBHOOK_PORT is "https"/);
    const fault = { CLOUDER_WEBHOOK_ON_FAULT: "maybe" };
    expect(() => readSettings(fault, defaults)).toThrow(/CLOUDER_WEBHOOK_ON_FAULT is "maybe"/);
  });
});
