import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { setUpShim, type ShimStage } from "#test/integration/handler/shim-stage";

let stage: ShimStage;
afterEach(() => {
  stage.dispose();
});

const annotated = (type: string) =>
  JSON.stringify({
    annotations: {
      "clouder.datalayer.io/restore": "u",
      "io.kubernetes.cri.container-type": type,
    },
  });

describe("the runc shim", () => {
  it("hands every command it has no business with to runc, word by word", () => {
    stage = setUpShim();
    stage.arm();
    stage.run("exec", "--process", "/a b", stage.id);
    stage.run("kill", "--all", stage.id, "9");
    stage.run("state", stage.id);
    stage.run("--version");
    expect(stage.runcCalls()).toEqual([
      `exec --process /a b ${stage.id}`,
      `kill --all ${stage.id} 9`,
      `state ${stage.id}`,
      "--version",
    ]);
  });

  it("creates a container without the restore annotation by runc", () => {
    stage = setUpShim();
    stage.write(
      "task/b/config.json",
      JSON.stringify({ process: { env: ["A=clouder.datalayer.io/restore"] } }),
    );
    expect(stage.run("create", "--bundle", join(stage.root, "task/b"), stage.id).status).toBe(0);
    expect(stage.runcCalls()).toHaveLength(1);
  });

  it("creates the sandbox of an annotated pod by runc", () => {
    stage = setUpShim();
    stage.write("task/b/config.json", annotated("sandbox"));
    stage.run("create", "--bundle", join(stage.root, "task/b"), stage.id);
    expect(stage.runcCalls()).toHaveLength(1);
  });

  it("gives the create of an annotated container to the restore helper, arguments and all", () => {
    stage = setUpShim();
    stage.write("task/b/config.json", annotated("container"));
    stage.program(
      "../install/bin/node",
      '#!/bin/sh\nprintf "%s\\n" "$*" >"@/helper.call"\nexit 7\n',
    );
    stage.write("install/lib/restore-helper.mjs", "");
    const bundle = join(stage.root, "task/b");
    expect(stage.run("create", "--bundle", bundle, "--pid-file", "/p", stage.id).status).toBe(7);
    expect(stage.runcCalls()).toEqual([]);
    expect(readFileSync(join(stage.root, "helper.call"), "utf8")).toMatch(
      new RegExp(
        `restore-helper.mjs ${stage.root}/sbin/runc --root .* create --bundle ${bundle} --pid-file /p ${stage.id}\n$`,
      ),
    );
  });

  it("refuses an annotated container while the helper is missing, and says so in runc's log only", () => {
    stage = setUpShim();
    stage.write("task/b/config.json", annotated("container"));
    const { status, stderr } = stage.run(
      "create",
      "--bundle",
      join(stage.root, "task/b"),
      stage.id,
    );
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
    expect(JSON.parse(readFileSync(stage.log, "utf8"))).toMatchObject({
      level: "error",
      msg: expect.stringContaining("restore helper is missing") as string,
    });
    expect(stage.runcCalls()).toEqual([]);
  });

  it("has nothing to start in a restored container, and forgets it on delete", () => {
    stage = setUpShim();
    const marker = stage.write(`marks/restored/${stage.id}`, "");
    expect(stage.run("start", stage.id).status).toBe(0);
    expect(stage.runcCalls()).toEqual([]);
    stage.run("delete", "--force", stage.id);
    expect(existsSync(marker)).toBe(false);
    stage.run("start", stage.id);
    expect(stage.runcCalls()).toEqual([`delete --force ${stage.id}`, `start ${stage.id}`]);
  });

  it.each([
    ["nothing is armed", () => undefined],
    [
      "the arming has expired",
      () => {
        stage.arm(-1);
      },
    ],
    [
      "the arming is damaged",
      () => {
        stage.write(`state/spool/${stage.id}/armed`, "soon\n");
      },
    ],
    [
      "the container is frozen already",
      () => {
        stage.arm();
        stage.write("cgroup/freezer.state", "FROZEN\n");
      },
    ],
    [
      "runc's state is unreadable",
      () => {
        stage.arm();
        stage.write(`runc/k8s.io/${stage.id}/state.json`, "{}");
      },
    ],
  ])("pauses, dumps and resumes as runc does when %s", (_, prepare) => {
    stage = setUpShim();
    prepare();
    stage.run("pause", stage.id);
    stage.checkpoint();
    stage.run("resume", stage.id);
    expect(stage.runcCalls().map((call) => call.split(" ")[0])).toEqual([
      "pause",
      "checkpoint",
      "resume",
    ]);
    expect(readFileSync(join(stage.images, "pages-1.img"), "utf8")).toBe("pages of one");
    expect(existsSync(join(stage.images, "clouder-upper.tar"))).toBe(false);
  });

  it.each([1, 2] as const)(
    "holds an armed container for CRIU's dump alone and thaws it at once (cgroup v%i)",
    (cgroup) => {
      stage = setUpShim({ cgroup });
      stage.arm();
      expect(stage.run("pause", stage.id).status).toBe(0);
      expect(stage.runcCalls()).toEqual([]);
      expect(stage.checkpoint().status).toBe(0);
      const [running, frozen] = cgroup === 1 ? ["THAWED", "FROZEN"] : ["0", "1"];
      expect(stage.criuSaw()).toEqual([running, frozen]);
      expect(stage.state()).toBe(running);
      expect(stage.run("resume", stage.id).status).toBe(0);
      expect(stage.runcCalls()).toHaveLength(1);
      expect(existsSync(stage.marker)).toBe(false);
      expect(
        execFileSync("tar", ["-xOf", join(stage.images, "clouder-upper.tar"), "./work/file"], {
          encoding: "utf8",
        }),
      ).toBe("content");
      expect(readFileSync(join(stage.spool, "timing"), "utf8")).toMatch(
        /^frozen_ms=\d+\nway=thawed,diverted\n$/,
      );
    },
  );

  it("leaves empty pages files of the same mode and has their bytes in the spool", () => {
    stage = setUpShim();
    stage.arm();
    stage.run("pause", stage.id);
    stage.checkpoint();
    expect(readFileSync(join(stage.spool, "pages-1.img"), "utf8")).toBe("pages of one");
    expect(readFileSync(join(stage.spool, "pages-2.img"), "utf8")).toBe("pages of two");
    const left = statSync(join(stage.images, "pages-1.img"));
    expect([left.size, left.mode & 0o777]).toEqual([0, 0o640]);
    expect(statSync(join(stage.images, "pages-2.img")).size).toBe(0);
  });

  it("leaves the pages where they are when the spool is on another file system", () => {
    stage = setUpShim({ images: mkdtempSync("/dev/shm/clouder-shim-") });
    stage.arm();
    stage.run("pause", stage.id);
    expect(stage.checkpoint().status).toBe(0);
    expect(readFileSync(join(stage.images, "pages-2.img"), "utf8")).toBe("pages of two");
    expect(readdirSync(stage.spool).filter((name) => name.startsWith("pages"))).toEqual([]);
    expect(stage.state()).toBe("THAWED");
    expect(readFileSync(join(stage.spool, "timing"), "utf8")).toContain("way=thawed\n");
  });

  it("keeps CRIU's log of a failed dump, diverts nothing and leaves the thaw to containerd's resume", () => {
    stage = setUpShim();
    stage.arm();
    stage.behave("fail");
    stage.run("pause", stage.id);
    expect(stage.checkpoint().status).toBe(3);
    expect(readFileSync(join(stage.spool, "dump.log"), "utf8")).toContain("reason");
    expect(existsSync(join(stage.spool, "timing"))).toBe(false);
    expect(stage.state()).toBe("FROZEN");
    expect(stage.run("resume", stage.id).status).toBe(0);
    expect(stage.runcCalls().at(-1)).toBe(`resume ${stage.id}`);
    expect(stage.state()).toBe("THAWED");
  });

  it("stays frozen for containerd's own diff when the writable layer cannot be captured", () => {
    stage = setUpShim();
    stage.arm();
    stage.program("tar", "#!/bin/sh\nexit 2\n");
    stage.run("pause", stage.id);
    expect(stage.checkpoint().status).toBe(0);
    expect(stage.state()).toBe("FROZEN");
    expect(readFileSync(join(stage.images, "pages-1.img"), "utf8")).toBe("pages of one");
    expect(readdirSync(stage.images)).not.toContain("clouder-upper.tar");
    stage.run("resume", stage.id);
    expect(stage.runcCalls().at(-1)).toBe(`resume ${stage.id}`);
  });

  it("holds the container and dumps plainly when the arming expires between pause and dump", () => {
    stage = setUpShim();
    stage.arm();
    stage.run("pause", stage.id);
    stage.arm(-1);
    expect(stage.checkpoint().status).toBe(0);
    expect(stage.criuSaw()).toEqual(["FROZEN", "FROZEN"]);
    expect(stage.state()).toBe("FROZEN");
    expect(readdirSync(stage.images)).not.toContain("clouder-upper.tar");
    stage.run("resume", stage.id);
    expect(stage.state()).toBe("THAWED");
  });

  it("leaves a container that can be resumed when it is killed in the middle of a dump", () => {
    stage = setUpShim();
    stage.arm();
    stage.behave("die");
    stage.run("pause", stage.id);
    expect(stage.checkpoint().status).toBe(137);
    expect(stage.state()).toBe("FROZEN");
    expect(stage.run("resume", stage.id).status).toBe(0);
    expect(stage.runcCalls().at(-1)).toBe(`resume ${stage.id}`);
    expect(stage.state()).toBe("THAWED");
  });

  it("fails a dump during which the container was not held, rather than pass it off as one", () => {
    stage = setUpShim();
    stage.arm();
    stage.behave("no-criu");
    stage.run("pause", stage.id);
    const { status, stderr } = stage.checkpoint();
    expect(status).toBe(1);
    expect(stderr).toContain("was not held still");
    expect(stage.run("resume", stage.id).status).toBe(0);
    expect(stage.runcCalls().some((call) => call.startsWith("resume"))).toBe(false);
  });

  it("does without the time where date knows no nanoseconds", () => {
    stage = setUpShim();
    stage.arm();
    stage.program("date", '#!/bin/sh\n/bin/date "$(echo "$1" | sed s/%N/N/)"\n');
    stage.run("pause", stage.id);
    expect(stage.checkpoint()).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(join(stage.spool, "timing"), "utf8")).toBe("way=thawed,diverted\n");
  });

  it("swallows a resume once only", () => {
    stage = setUpShim();
    stage.arm();
    stage.run("pause", stage.id);
    stage.checkpoint();
    stage.run("resume", stage.id);
    stage.run("resume", stage.id);
    expect(stage.runcCalls().filter((call) => call.startsWith("resume"))).toHaveLength(1);
  });

  it("forgets the pages of an earlier dump before the next", () => {
    stage = setUpShim();
    stage.arm();
    stage.write(`state/spool/${stage.id}/pages-9.img`, "old");
    stage.run("pause", stage.id);
    stage.checkpoint();
    expect(readdirSync(stage.spool).filter((name) => name.startsWith("pages"))).toEqual([
      "pages-1.img",
      "pages-2.img",
    ]);
  });
});
