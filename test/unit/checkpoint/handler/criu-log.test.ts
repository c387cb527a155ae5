import { describe, expect, it } from "vitest";
import { diagnoseCriuLog } from "#checkpoint/handler/criu-log";

const noise = [
  "(00.000000) Unable to get $HOME directory, local configuration file will not be used.",
  "(00.000012) Error (criu/util.c:1432): rlimit: Can't setup RLIMIT_NOFILE for self",
  "(00.001000) Running network-lock scripts",
].join("\n");

describe("the decisive lines of a CRIU log", () => {
  it.each([
    [
      "Error (criu/proc_parse.c:513): Can't handle non-regular mapping on 899's map 7f00 anon_inode:[io_uring]",
      "UV_USE_IO_URING=0",
    ],
    [
      "Error (criu/sk-inet.c:191): inet: In-flight connection (l) for 1b36b4; can be ignored with the --skip-in-flight option",
      "skip-in-flight",
    ],
    [
      "Error (criu/sk-inet.c:188): inet: Connected TCP socket, consider using --tcp-established option.",
      "tcp-established",
    ],
    [
      "Error (compel/src/lib/infect.c:420): suspending seccomp failed: Operation not permitted",
      "seccomp",
    ],
    [
      "Error (criu/files.c:603): Can't dump file 5 of that type [100600] (anon_inode:[perf_event])",
      "cannot dump",
    ],
    [
      "Error (criu/sk-inet.c:1030): inet: Can't bind inet socket (id 21): Cannot assign requested address",
      "0.0.0.0",
    ],
    [
      "Error (criu/files-reg.c:1234): Can't create link remap for /work/x. Use link-remap option.",
      "link-remap",
    ],
    ["Error (criu/mount.c:3141): mnt: No mapping for 1992:(null) mountpoint", "same volumes"],
    ["Error (criu/cr-restore.c:1500): Can't fork for 42: File exists", "process id"],
    [
      "Error (criu/files-reg.c:2300): Can't open file var/lib/x on restore: No such file or directory",
      "volumes do not travel",
    ],
    [
      "Error (criu/file-lock.c:112): Some file locks are hold by dumping tasks! You can try --file-locks to dump them.",
      "file-locks",
    ],
    ["Error (criu/page-xfer.c:300): Unable to write: No space left on device", "free space"],
    [
      "Error (criu/seize.c:600): Unable to freeze cgroup /sys/fs/cgroup/freezer/x (100 x 100ms attempts)",
      "less busy",
    ],
  ])("knows the cure for %s", (line, cure) => {
    const { lines, hint } = diagnoseCriuLog(
      `${noise}\n(00.35) ${line}\n(00.36) Error (criu/cr-dump.c:2111): Dumping FAILED.\n`,
    );
    expect(lines).toEqual([`(00.35) ${line}`]);
    expect(hint).toContain(cure);
  });

  it("leaves out what comes of the first error", () => {
    const { lines } = diagnoseCriuLog(
      "(0.1) Error (criu/x.c:1): first\n(0.2) Error (criu/cgroup.c:2055): cg: cgroupd: recv req error: No such file\n",
    );
    expect(lines).toEqual(["(0.1) Error (criu/x.c:1): first"]);
  });

  it("gives the consequence when there is nothing better, and warnings when there is no error", () => {
    expect(diagnoseCriuLog("(0.1) Error (criu/cr-dump.c:1): Dumping FAILED.").lines).toHaveLength(
      1,
    );
    expect(diagnoseCriuLog("(0.1) Warn  (criu/x.c:1): odd").lines).toEqual([
      "(0.1) Warn  (criu/x.c:1): odd",
    ]);
    expect(diagnoseCriuLog(noise)).toEqual({ lines: [] });
  });

  it("names no cause where it knows none", () => {
    expect(diagnoseCriuLog("Error (criu/x.c:1): something new").hint).toBeUndefined();
  });

  it("gives at most eight lines, shortened and without control characters", () => {
    const log = Array.from(
      { length: 20 },
      (_, n) => `Error (criu/x.c:${n}): \u001b[31m${"y".repeat(900)}`,
    );
    const { lines } = diagnoseCriuLog(log.join("\n"));
    expect(lines).toHaveLength(8);
    expect(lines[0]).toContain("\\u001b[31m");
    expect(lines.every((line) => line.length <= 401)).toBe(true);
  });
});
