import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { reportToRuntime } from "#checkpoint/handler/restore-container";
import { ClouderError } from "#core/error";
import {
  restoreUID,
  setUpRestore,
  type RestoreStage,
} from "#test/integration/handler/restore-stage";
import { coreImage } from "#test/unit/checkpoint/handler/criu-images";

let stage: RestoreStage;
beforeEach(async () => {
  stage = await setUpRestore();
});
afterEach(() => {
  stage.dispose();
});

describe("the create of a container that is to be restored", () => {
  it("brings back files and processes, marks the container and keeps the time it took", async () => {
    expect(await stage.create("c1")).toBe("restored");
    expect(readFileSync(join(stage.rootfs, "captured"), "utf8")).toBe("yes");
    expect(stage.runcCalls()).toHaveLength(1);
    expect(stage.runcCalls()[0]).toContain(`--image-path ${stage.staged}/checkpoint`);
    expect(stage.isMarked("c1")).toBe(true);
    expect(stage.state()).toMatchObject({
      state: "restored",
      containerID: "c1",
      restoreMilliseconds: expect.any(Number) as number,
    });
  });

  it("starts it afresh the second time, even after the record's expiry", async () => {
    await stage.create("c1");
    stage.record({ expiresAt: "2001-01-01T00:00:00Z" });
    expect(await stage.create("c2")).toBe("create");
    expect(stage.isMarked("c2")).toBe(false);
  });

  it("leaves containers alone that are not marked, sandboxes, or not part of the checkpoint", async () => {
    stage.annotate({ "io.kubernetes.cri.container-name": "debugger" });
    expect(await stage.create("c1")).toBe("create");
    stage.annotate({ "io.kubernetes.cri.container-type": "sandbox" });
    expect(await stage.create("c1")).toBe("create");
    expect(stage.state()).toBeUndefined();
  });

  it.each<[string, () => void, string]>([
    [
      "an annotation that is a path",
      () => {
        stage.annotate({ "clouder.datalayer.io/restore": "../../etc" });
      },
      "is no UID",
    ],
    [
      "an annotation without a record",
      () => {
        stage.annotate({ "clouder.datalayer.io/restore": restoreUID.replace("0d", "1d") });
      },
      "no restore 1d8d",
    ],
    [
      "another namespace",
      () => {
        stage.annotate({ "io.kubernetes.cri.sandbox-namespace": "evil" });
      },
      'for namespace "apps", not "evil"',
    ],
    [
      "another pod",
      () => {
        stage.annotate({ "io.kubernetes.cri.sandbox-name": "evil" });
      },
      'for pod "pod", not "evil"',
    ],
    [
      "a container name that is a path",
      () => {
        stage.annotate({ "io.kubernetes.cri.container-name": "../main" });
      },
      "invalid container name",
    ],
    [
      "an expired record",
      () => {
        stage.record({ expiresAt: "2001-01-01T00:00:00Z" });
      },
      "expired at 2001",
    ],
    [
      "a damaged record",
      () => {
        stage.record({ containers: 1 });
      },
      "not what the agent writes",
    ],
    [
      "a record with an address that is none",
      () => {
        stage.record({ sourcePodIPs: ["1.2.3.4/0"] });
      },
      "not what the agent writes",
    ],
    [
      "a record of another restore",
      () => {
        stage.record({ uid: restoreUID.replace("0d", "1d") });
      },
      "for UID",
    ],
  ])("is refused for %s, and nothing is taken", async (_, change, reason) => {
    change();
    await expect(stage.create("c1")).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining(reason) as string,
    });
    expect(stage.runcCalls()).toEqual([]);
    expect(stage.state()).toBeUndefined();
    expect(existsSync(join(stage.rootfs, "captured"))).toBe(false);
  });

  it.each<[string, () => void, string]>([
    [
      "a link among the images",
      () => {
        symlinkSync("/etc/passwd", join(stage.staged, "checkpoint/x.img"));
      },
      "x.img is not a regular file",
    ],
    [
      "more capabilities than the pod has",
      () => {
        writeFileSync(
          join(stage.staged, "checkpoint/core-1.img"),
          coreImage({ capabilities: [1 << 21, 0] }),
        );
      },
      "CAP_SYS_ADMIN",
    ],
  ])("fails for good for %s, without any change", async (_, change, reason) => {
    change();
    await expect(stage.create("c1")).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining(reason) as string,
    });
    expect(stage.state()).toMatchObject({ state: "failed", error: { code: "refused" } });
    expect(existsSync(join(stage.rootfs, "captured"))).toBe(false);
    expect(stage.runcCalls().some((call) => call.includes(" restore "))).toBe(false);
    await expect(stage.create("c2")).rejects.toThrow(reason);
  });

  it("says why CRIU failed, removes what is left of the container and never starts it", async () => {
    stage.onRestore(
      `echo '(0.1) Error (criu/mount.c:1): mnt: No mapping for 1:(null) mountpoint' >${stage.root}/bundle/criu-work/restore.log; exit 1`,
    );
    await expect(stage.create("c1")).rejects.toMatchObject({
      code: "criu",
      message:
        "the processes could not be restored: (0.1) Error (criu/mount.c:1): mnt: No mapping for 1:(null) mountpoint",
      hint: expect.stringContaining("same volumes") as string,
    });
    expect(stage.runcCalls().at(-1)).toBe(`--log ${stage.root}/log.json delete --force c1`);
    expect(stage.isMarked("c1")).toBe(false);
    expect(stage.state()).toMatchObject({
      state: "failed",
      error: { code: "criu", logLines: [expect.stringContaining("No mapping")] },
    });
    await expect(stage.create("c2")).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("No mapping") as string,
    });
  });

  it("gives runc's own reason when CRIU has written no log", async () => {
    stage.onRestore(
      `echo '{"level":"error","msg":"criu: \\"not found\\"","time":"x"}' >>${stage.root}/log.json; exit 1`,
    );
    await expect(stage.create("c1")).rejects.toThrow('criu: \\"not found\\"');
  });

  it("restores once although two ask at the same time", async () => {
    stage.onRestore("sleep 0.3");
    const outcomes = await Promise.allSettled([stage.create("c1"), stage.create("c2")]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(stage.runcCalls().filter((call) => call.includes(" restore "))).toHaveLength(1);
  });

  it("fails a restore whose helper died on the way, rather than start afresh", async () => {
    for (const left of ['{"state":"restoring","containerID":"c0","pid":999999999}', ""]) {
      writeFileSync(join(stage.staged, "state.json"), left);
      await expect(stage.create("c1")).rejects.toThrow("broken off");
      expect(stage.state()).toMatchObject({ state: "failed" });
    }
  });

  it("prefers the shim's capture, inside the image folder too, to containerd's later diff", async () => {
    execFileSync("mv", [join(stage.staged, "clouder-upper.tar"), join(stage.staged, "checkpoint")]);
    writeFileSync(join(stage.staged, "rootfs-diff.tar"), "not even a tar");
    expect(await stage.create("c1")).toBe("restored");
    expect(existsSync(join(stage.rootfs, "captured"))).toBe(true);
  });
});

it("a refusal reaches containerd as the last error line of runc's log", async () => {
  const log = join(stage.root, "log.json");
  await reportToRuntime(log, new ClouderError("refused", "no\u0007", { hint: "do this" }));
  expect(JSON.parse(readFileSync(log, "utf8"))).toMatchObject({
    level: "error",
    msg: "clouder: no\\u0007 (do this)",
  });
});
