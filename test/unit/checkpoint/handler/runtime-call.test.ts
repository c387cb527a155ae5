import { describe, expect, it } from "vitest";
import { parseCreateCall, restoreArguments } from "#checkpoint/handler/runtime-call";

const globals = [
  "--root",
  "/run/r",
  "--log",
  "/b/log.json",
  "--log-format",
  "json",
  "--systemd-cgroup",
  "--rootless=false",
];

describe("a create call of containerd's shim", () => {
  it("is taken apart and becomes a restore with the same globals, pid file and console", () => {
    const call = parseCreateCall([
      ...globals,
      ...["create", "--bundle", "/b", "--pid-file", "/b/init.pid", "--console-socket", "/tmp/s"],
      ...["--no-pivot", "--no-new-keyring", "--preserve-fds", "2", "abc"],
    ]);
    expect(call).toMatchObject({
      log: "/b/log.json",
      bundle: "/b",
      preservedFds: 2,
      containerID: "abc",
    });
    expect(restoreArguments(call, "/i", "/w")).toEqual([
      ...globals,
      ...["restore", "--detach", "--no-subreaper", "--bundle", "/b", "--image-path", "/i"],
      ...["--work-path", "/w", "--manage-cgroups-mode", "ignore", "--pid-file", "/b/init.pid"],
      ...["--console-socket", "/tmp/s", "--no-pivot", "abc"],
    ]);
  });

  it("may write its options with an equals sign and leave most of them out", () => {
    const call = parseCreateCall(["--log=/l", "create", "--bundle=/b", "abc"]);
    expect(call).toMatchObject({ log: "/l", bundle: "/b", pidFile: undefined, noPivot: false });
  });

  it.each([
    [["start", "abc"]],
    [["create"]],
    [["create", "--bundle", "/b"]],
    [["create", "abc", "more"]],
    [[]],
  ])("is not %j", (argv) => {
    expect(() => parseCreateCall(argv)).toThrow("not called with a runc create command");
  });

  it("names its container without paths", () => {
    expect(() => parseCreateCall(["create", "../x"])).toThrow("invalid container id");
  });
});
