import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The shim in a folder of its own, between a recording runc and a recording CRIU. */
export interface ShimStage {
  readonly root: string;
  readonly id: string;
  readonly images: string;
  readonly spool: string;
  readonly freezer: string;
  readonly marker: string;
  readonly log: string;
  run(...argv: string[]): { readonly status: number; readonly stderr: string };
  /** `checkpoint` as containerd calls it. */
  checkpoint(): { readonly status: number; readonly stderr: string };
  arm(secondsFromNow?: number): void;
  /** Command lines that reached runc, one string each. */
  runcCalls(): readonly string[];
  /** What the freezer held when CRIU was called: first for its version, then for the dump. */
  criuSaw(): readonly string[];
  state(): string;
  /** Makes the fake runc behave: "fail", "die" (kills the shim), "no-criu". */
  behave(how: string): void;
  /** Puts a program before all others in PATH. */
  program(name: string, text: string): void;
  write(path: string, text: string): string;
  dispose(): void;
}

const fakeRunc = `#!/bin/sh
printf '%s\\n' "$*" >>"@/runc.calls"
how=$(cat "@/behaviour" 2>/dev/null)
for word; do
  case $previous in --image-path) images=$word ;; --work-path) work=$word ;; esac
  previous=$word
done
case " $* " in
  *" checkpoint "*)
    [ "$how" = no-criu ] || criu swrk 3
    echo '[]' >"$images/descriptors.json"
    [ "$how" = no-criu ] || criu swrk 3
    [ "$how" != die ] || { kill -9 "$PPID"; exit 0; }
    echo 'Error (criu): reason' >"$work/dump.log"
    [ "$how" != fail ] || exit 3
    printf 'pages of one' >"$images/pages-1.img"
    printf 'pages of two' >"$images/pages-2.img"
    chmod 640 "$images/pages-1.img"
    ;;
  *" resume "*) echo THAWED >"@/cgroup/freezer.state" ;;
esac
`;
const fakeCriu = `#!/bin/sh
cat "@/cgroup/freezer.state" "@/cgroup/cgroup.freeze" 2>/dev/null >>"@/criu.saw"
`;

export function setUpShim(
  options: { readonly cgroup?: 1 | 2; readonly images?: string } = {},
): ShimStage {
  const root = mkdtempSync(join(tmpdir(), "clouder-shim-"));
  const id = "c0ffee0123456789";
  const write = (path: string, text: string) => {
    const full = join(root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    return full;
  };
  const program = (path: string, text: string) => {
    chmodSync(write(path, text.replaceAll("@", root)), 0o755);
  };
  program("sbin/runc", fakeRunc);
  program("bin/criu", fakeCriu);
  const shim = readFileSync("checkpoint/handler/clouder-runc", "utf8")
    .replace(/^runc_places=.*$/m, `runc_places='/nowhere/runc ${root}/sbin/runc'`)
    .replace(/^install=.*$/m, `install=${root}/install`)
    .replace(/^state=.*$/m, `state=${root}/state`)
    .replace(/^marks=.*$/m, `marks=${root}/marks`)
    .replace(/^mounts=.*$/m, `mounts=${root}/mounts`);
  chmodSync(write("clouder-runc", shim), 0o755);
  const second = options.cgroup === 2;
  const freezer = second
    ? write("cgroup/cgroup.freeze", "0\n")
    : write("cgroup/freezer.state", "THAWED\n");
  if (second) write("cgroup/cgroup.events", "populated 1\nfrozen 1\n");
  const paths = second
    ? { "": `${root}/cgroup` }
    : { cpu: "/x", freezer: `${root}/cgroup`, pids: "/y" };
  write(
    `runc/k8s.io/${id}/state.json`,
    JSON.stringify({ config: { freezer: "" }, cgroup_paths: paths }),
  );
  write("upper/work/file", "content");
  const rootfs = `${root}/task/${id}/rootfs`;
  write(
    "mounts",
    `proc /proc proc rw 0 0\noverlay ${rootfs} overlay rw,lowerdir=/a:/b,upperdir=${root}/upper,workdir=/w 0 0\n`,
  );
  const images = options.images ?? join(root, "images");
  mkdirSync(images, { recursive: true });
  mkdirSync(join(root, "work"));
  const log = join(root, "log.json");
  const globals = ["--root", `${root}/runc/k8s.io`, "--log", log, "--log-format", "json"];
  const run = (...argv: string[]) => {
    const { status, stderr } = spawnSync(join(root, "clouder-runc"), [...globals, ...argv], {
      encoding: "utf8",
      env: { PATH: `${root}/bin:/usr/sbin:/usr/bin:/sbin:/bin` },
    });
    return { status: status ?? 137, stderr };
  };
  const lines = (path: string) =>
    existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  const spool = join(root, "state/spool", id);
  return {
    ...{ root, id, images, spool, freezer, log, run, write },
    marker: join(root, "marks/thawed", id),
    checkpoint: () =>
      run(
        "checkpoint",
        "--image-path",
        images,
        "--work-path",
        join(root, "work"),
        "--leave-running",
        id,
      ),
    arm: (seconds = 60) => {
      write(`state/spool/${id}/armed`, `${Math.floor(Date.now() / 1000) + seconds}\n`);
    },
    runcCalls: () =>
      lines(join(root, "runc.calls")).map((line) => line.replace(`${globals.join(" ")} `, "")),
    criuSaw: () => lines(join(root, "criu.saw")),
    state: () => readFileSync(freezer, "utf8").trim(),
    behave: (how) => {
      write("behaviour", how);
    },
    program: (name, text) => {
      program(join("bin", name), text);
    },
    dispose: () => {
      rmSync(root, { recursive: true, force: true });
      if (options.images !== undefined) rmSync(options.images, { recursive: true, force: true });
    },
  };
}
