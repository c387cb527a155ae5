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
import { join } from "node:path";
import { systemClock } from "#core/clock";
import type { ContainerState } from "#checkpoint/handler/container-state";
import { createProgramRunner } from "#checkpoint/handler/program";
import { createContainer, type CreateOutcome } from "#checkpoint/handler/restore-container";
import { parseCreateCall } from "#checkpoint/handler/runtime-call";
import { writeTar } from "#test/integration/handler/capture-tar";
import { coreImage, pstreeImage } from "#test/unit/checkpoint/handler/criu-images";

export const restoreUID = "0d8d4d5e-5a3c-4d5e-8a3c-0123456789ab";

/** A staged restore of one container "main" and a bundle for it, before a recording runc. */
export interface RestoreStage {
  readonly root: string;
  readonly staged: string;
  readonly rootfs: string;
  create(containerID: string): Promise<CreateOutcome>;
  annotate(changes: Readonly<Record<string, string>>): void;
  record(changes: Readonly<Record<string, unknown>>): void;
  /** Shell lines that the fake runc runs on `restore`. */
  onRestore(script: string): void;
  state(): ContainerState | undefined;
  runcCalls(): readonly string[];
  isMarked(containerID: string): boolean;
  dispose(): void;
}

export async function setUpRestore(networkNamespace?: string): Promise<RestoreStage> {
  const root = mkdtempSync(join(tmpdir(), "clouder-restore-"));
  const bundle = join(root, "bundle");
  const rootfs = join(bundle, "rootfs");
  const folder = join(root, "restores", restoreUID);
  const staged = join(folder, "containers/main");
  mkdirSync(rootfs, { recursive: true });
  mkdirSync(join(staged, "checkpoint"), { recursive: true });
  const image = (name: string, bytes: Buffer | string) => {
    writeFileSync(join(staged, "checkpoint", name), bytes);
  };
  image("inventory.img", "");
  image("pstree.img", pstreeImage([1]));
  image("core-1.img", coreImage());
  await writeTar(join(staged, "clouder-upper.tar"), [{ name: "./captured", body: "yes" }]);
  let annotations: Record<string, string> = {
    "clouder.datalayer.io/restore": restoreUID,
    "io.kubernetes.cri.container-type": "container",
    "io.kubernetes.cri.sandbox-namespace": "apps",
    "io.kubernetes.cri.sandbox-name": "pod",
    "io.kubernetes.cri.container-name": "main",
  };
  const annotate = (changes: Readonly<Record<string, string>>) => {
    annotations = { ...annotations, ...changes };
    const namespaces = networkNamespace ? [{ type: "network", path: networkNamespace }] : [];
    const spec = { annotations, process: { user: { uid: 0 } }, linux: { namespaces } };
    writeFileSync(join(bundle, "config.json"), JSON.stringify(spec));
  };
  let recorded: Record<string, unknown> = {
    ...{ uid: restoreUID, namespace: "apps", podName: "pod", sourcePodIPs: [] },
    ...{ containers: ["main"], expiresAt: "2999-01-01T00:00:00Z" },
  };
  const record = (changes: Readonly<Record<string, unknown>>) => {
    recorded = { ...recorded, ...changes };
    writeFileSync(join(folder, "record.json"), JSON.stringify(recorded));
  };
  const runc = join(root, "runc");
  const onRestore = (script: string) => {
    writeFileSync(
      runc,
      `#!/bin/sh\nprintf '%s\\n' "$*" >>${root}/calls\ncase $3 in restore)\n${script}\n;; esac\n`,
    );
    chmodSync(runc, 0o755);
  };
  annotate({});
  record({});
  onRestore("exit 0");
  return {
    ...{ root, staged, rootfs, annotate, record, onRestore },
    create: (containerID) =>
      createContainer(
        {
          runtime: runc,
          restores: join(root, "restores"),
          markers: join(root, "run"),
          run: createProgramRunner(0),
          clock: systemClock,
        },
        parseCreateCall([
          "--log",
          join(root, "log.json"),
          "create",
          "--bundle",
          bundle,
          containerID,
        ]),
      ),
    state: () => {
      const path = join(staged, "state.json");
      return existsSync(path)
        ? (JSON.parse(readFileSync(path, "utf8")) as ContainerState)
        : undefined;
    },
    runcCalls: () =>
      existsSync(join(root, "calls"))
        ? readFileSync(join(root, "calls"), "utf8").trim().split("\n")
        : [],
    isMarked: (containerID) => existsSync(join(root, "run/restored", containerID)),
    dispose: () => {
      rmSync(root, { recursive: true, force: true });
    },
  };
}
