import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { arch, tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isClouderError } from "#core/error";
import type { RuntimeSpec } from "#checkpoint/handler/bundle";
import { guardCredentials } from "#checkpoint/handler/credentials";
import { readThreadCredentials } from "#checkpoint/handler/criu-image";
import {
  coreImage,
  pstreeImage,
  seccompImage,
  zombieImage,
  type CoreFacts,
  type FilterFacts,
} from "#test/unit/checkpoint/handler/criu-images";

const chown = 1 << 0;
const netRaw = 1 << 13;
const filtered = { mode: 2, filter: 0 } as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "clouder-creds-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const rootSpec: RuntimeSpec = {
  process: {
    user: { uid: 0 },
    capabilities: { bounding: ["CAP_CHOWN"], permitted: ["CAP_CHOWN"] },
  },
};
const userSpec: RuntimeSpec = {
  process: { user: { uid: 1000, gid: 1000, additionalGids: [2000] }, capabilities: {} },
};

function guard(spec: RuntimeSpec, files: Readonly<Record<string, Buffer>>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return guardCredentials(folder, readdirSync(folder), spec);
}

const one = (facts: CoreFacts) => ({
  "pstree.img": pstreeImage([1]),
  "core-1.img": coreImage(facts),
});

describe("the guard of credentials", () => {
  it("lets processes through that have what the pod gives", async () => {
    await guard(rootSpec, one({ capabilities: [chown, 0] }));
  });

  it("lets root's processes have become somebody else", async () => {
    await guard(rootSpec, one({ uid: 999, gid: 999 }));
  });

  it.each([
    [
      "root in a pod that runs as a user",
      userSpec,
      { uid: 0, gid: 1000 },
      "runs as user 0, the pod as user 1000",
    ],
    ["a foreign group", userSpec, { uid: 1000, gid: 0 }, "is in group 0"],
    [
      "a foreign supplementary group",
      userSpec,
      { uid: 1000, gid: 1000, groups: [2000, 27] },
      "is in group 27",
    ],
    [
      "a capability the pod has dropped",
      rootSpec,
      { capabilities: [chown | netRaw, 0] },
      "holds CAP_NET_RAW",
    ],
    ["a capability of the second word", rootSpec, { capabilities: [0, 1 << 7] }, "holds CAP_BPF"],
    [
      "a wider bounding set",
      rootSpec,
      { capabilities: [0, 0], bounding: [netRaw, 0] },
      "holds CAP_NET_RAW",
    ],
    [
      "processes that may gain privileges",
      { process: { ...rootSpec.process, noNewPrivileges: true } },
      {},
      "no_new_privs is off",
    ],
    [
      "processes without the pod's seccomp filter",
      { ...rootSpec, linux: { seccomp: { defaultAction: "SCMP_ACT_ERRNO" } } },
      {},
      "without a seccomp filter",
    ],
    [
      "processes outside the pod's AppArmor profile",
      { process: { ...rootSpec.process, apparmorProfile: "cri-containerd.apparmor.d" } },
      { label: "unconfined" },
      "AppArmor profile",
    ],
  ] satisfies [string, RuntimeSpec, CoreFacts, string][])(
    "refuses %s",
    async (_, spec, facts, reason) => {
      await expect(guard(spec, one(facts))).rejects.toMatchObject({
        code: "refused",
        message: expect.stringMatching(new RegExp(`^checkpoint/core-1.img: .*${reason}`)) as string,
      });
    },
  );

  it("looks at every thread of every process", async () => {
    await expect(
      guard(rootSpec, {
        "pstree.img": pstreeImage([1], [7, 8]),
        "core-1.img": coreImage(),
        "core-7.img": coreImage(),
        "core-8.img": coreImage({ capabilities: [netRaw, 0] }),
      }),
    ).rejects.toThrow("core-8.img");
  });

  it("takes a filter that CRIU sets for all threads at once for theirs, and no other", async () => {
    const spec = {
      ...rootSpec,
      linux: {
        seccomp: {
          defaultAction: "SCMP_ACT_ERRNO",
          syscalls: [{ names: ["ptrace"], action: "SCMP_ACT_ALLOW" }],
        },
      },
    };
    const files = {
      "pstree.img": pstreeImage([1, 5]),
      "core-1.img": coreImage({ seccomp: filtered }),
      "core-5.img": coreImage(),
    };
    await guard(spec, { ...files, "seccomp.img": seccompImage({ flags: 1 }) });
    await expect(guard(spec, { ...files, "seccomp.img": seccompImage({}) })).rejects.toThrow(
      "core-5.img",
    );
  });

  describe.skipIf(arch() !== "x64")("compares what seccomp filters let through:", () => {
    const allowed = ["read", "write", "futex", "mmap", "exit_group", "ptrace"];
    const strict: RuntimeSpec = {
      ...rootSpec,
      linux: {
        seccomp: {
          defaultAction: "SCMP_ACT_ERRNO",
          syscalls: [{ names: allowed, action: "SCMP_ACT_ALLOW" }],
        },
      },
    };
    const keepsOff: RuntimeSpec = {
      ...rootSpec,
      linux: {
        seccomp: {
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [{ names: ["mount", "bpf"], action: "SCMP_ACT_ERRNO" }],
        },
      },
    };
    const images = (last: number | undefined, ...filters: readonly FilterFacts[]) => ({
      ...one({ seccomp: { mode: 2, ...(last === undefined ? {} : { filter: last }) } }),
      "seccomp.img": seccompImage(...filters),
    });

    it("the pod's own filter, a stricter one, and one on top of another are taken", async () => {
      await guard(strict, images(0, { program: "refusing" }));
      await guard(keepsOff, images(0, { program: "allowing" }));
      const both = [{ program: "refusing" }, { program: "lax", previous: 0 }] as const;
      await guard(strict, images(1, ...both));
    });

    it.each([
      [
        "a filter that allows all",
        strict,
        images(0, { program: "lax" }),
        /lets acct, add_key, bpf/,
      ],
      ["a lax one beside a strict one", strict, images(1, {}, { program: "lax" }), /lets acct/],
      [
        "a filter that keeps off less",
        strict,
        images(0, { program: "allowing" }),
        /lets acct, add_key, delete_module, finit_module, fsconfig and \d+ more through/,
      ],
      ["a filter that the images lack", strict, images(undefined, {}), /is not in the images/],
    ] as const)("%s is refused", async (_what, spec, files, message) => {
      await expect(guard(spec, files)).rejects.toMatchObject({ code: "refused", message });
    });

    it("a filter that is named but not there, or stands on itself, is damage", async () => {
      const refusal = { code: "integrity" };
      await expect(guard(strict, images(3, {}))).rejects.toMatchObject(refusal);
      await expect(guard(strict, images(0, { previous: 0 }))).rejects.toMatchObject(refusal);
    });

    it("processes under a filter may come back in a pod without one: less freedom", async () => {
      await guard(rootSpec, images(0, { program: "refusing" }));
    });

    it("the strict mode needs no filter", async () => {
      await guard(strict, one({ seccomp: { mode: 1 } }));
    });
  });

  it("passes over zombies", async () => {
    await guard(rootSpec, {
      "pstree.img": pstreeImage([1], [3]),
      "core-1.img": coreImage(),
      "core-3.img": zombieImage(),
    });
  });

  it("refuses a checkpoint with a process but no image of it", async () => {
    await expect(guard(rootSpec, { "pstree.img": pstreeImage([1]) })).rejects.toMatchObject({
      code: "integrity",
    });
  });
});

describe("the reader of core images", () => {
  it("gives credentials or a ClouderError whatever the bytes are", () => {
    const whole = coreImage({ capabilities: [chown, 1], groups: [1, 2], label: "x" });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, cut) => {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        try {
          readThreadCredentials(bytes.subarray(0, cut));
        } catch (error) {
          expect(isClouderError(error)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
