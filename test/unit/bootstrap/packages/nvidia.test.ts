import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { HostFacts } from "#bootstrap/nodes/host-facts";
import type { HostGpus } from "#bootstrap/nodes/host-gpus";
import { traces } from "#bootstrap/nodes/traces";
import { nvidiaByApt } from "#bootstrap/packages/apt/nvidia";
import { systems } from "#bootstrap/packages/systems";
import { upstream } from "#bootstrap/packages/upstream";
import type { Machine } from "#bootstrap/providers/provider";
import { scriptedNode } from "#test/fakes/scripted-node";
import { contextFor } from "../plans/plan.ts";

const body = Buffer.concat([Buffer.from([4, 0, 0, 0, 1, 1]), Buffer.from("a key")]);
const packet = Buffer.concat([Buffer.from([0x99, 0, body.length]), body]);
const fingerprint = createHash("sha1").update(packet).digest("hex");
const key = `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${packet.toString("base64")}\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n`;

const { driver, toolkit } = upstream.nvidia;
const gpu = nvidiaByApt({
  ...{ ...upstream, containerdVersion: "2.3" },
  nvidia: { driver: { ...driver, fingerprint }, toolkit: { ...toolkit, fingerprint } },
});
const machine: Machine = {
  ...{ name: "lab-node-1", role: "worker", pool: "gpu", privateAddress: "10.0.0.5" },
  reach: { access: "local" },
};
const kernels = { debian: "6.12.48+deb13-cloud-amd64", ubuntu: "6.8.0-1031-azure" };
const host = (os: string, gpus: Partial<HostGpus> = {}, more: Partial<HostFacts> = {}) =>
  ({
    ...{ name: "lab-node-1", os, architecture: "amd64" },
    kernel: os.startsWith("debian") ? kernels.debian : kernels.ubuntu,
    gpus: { devices: ["1eb8"], driver: "", toolkit: false, secureBoot: false, ...gpus },
    ...more,
  }) as HostFacts;

/** A machine on which apt-get install installs what it is told to. */
function aptMachine(flavours: string, present: readonly string[] = []) {
  const installed = new Set(present);
  const install = (line: string) => {
    const words = line.replace(/^.* install /, "").split(" ");
    return words.filter((word) => !word.startsWith("-")).map((word) => word.split("=")[0] ?? "");
  };
  const node = scriptedNode(
    "lab-node-1",
    [
      [/^mktemp -d/, "/var/tmp/clouder-key.1\n"],
      [/^sh -c dpkg-query/, `${flavours}\n`],
      [
        /apt-get .*--simulate install/,
        () => "Inst nvidia-utils (1)\nInst linux-image-6.12.50-cloud-amd64 (1)\nInst gcc (1)\n",
      ],
      [
        /apt-get .* install /,
        () => {
          for (const name of install(node.ran.at(-1)?.line ?? "")) installed.add(name);
          return "";
        },
      ],
      [/^dpkg-query -W/, () => [...installed].map((name) => `${name} ii  1.0-1\n`).join("")],
    ],
    { "/var/tmp/clouder-key.1/key": key },
  );
  return node;
}
const toolkitPins = [
  ...["nvidia-container-toolkit", "nvidia-container-toolkit-base"],
  ...["libnvidia-container-tools", "libnvidia-container1"],
]
  .map((name) => `${name}=${toolkit.version}`)
  .join(" ");
const asked = (node: ReturnType<typeof aptMachine>) =>
  node.ran
    .map(({ line }) => line)
    .filter((line) => /apt-get .* install /.test(line) && !line.includes("--simulate"))
    .map((line) => line.replace(/^.*--no-remove /, ""));

describe("the driver of a GPU (E7)", () => {
  test.each([
    ["ubuntu-22.04", "azure", "1eb8", "-open-azure"],
    ["ubuntu-24.04", "generic-hwe-24.04", "2330", "-open-generic-hwe-24.04"],
    ["ubuntu-24.04", "virtual", "20b0", "-open-generic"],
    // A V100 is older than what the open modules know.
    ["ubuntu-26.04", "azure", "1db1", "-azure"],
  ])("on %s with the kernel %s is the distribution's, signed: %s", async (os, flavour, id, end) => {
    const node = aptMachine(flavour);
    const facts = host(os, { devices: [id], secureBoot: true }, { kernel: `6.8.0-1-${flavour}` });
    gpu.check(facts);
    expect(await gpu.install(contextFor(), { machine, access: node }, facts)).toEqual({});
    const flavourless = end.startsWith("-open") ? "-open" : "";
    expect(asked(node)).toEqual([
      `nvidia-headless-no-dkms-580-server${flavourless} nvidia-utils-580-server ` +
        `linux-modules-nvidia-580-server${end} ${toolkitPins}`,
    ]);
    expect(node.files.get("/etc/apt/sources.list.d/nvidia-container-toolkit.list")).toBe(
      `deb [signed-by=/etc/apt/keyrings/nvidia-container-toolkit.gpg] ${toolkit.url}/stable/deb/amd64/ /\n`,
    );
    expect([...node.files.keys()]).not.toContain("/etc/apt/sources.list.d/nvidia-driver.list");
  });

  test("on a kernel of Ubuntu's that follows nothing is made for that kernel alone", async () => {
    const node = aptMachine("");
    await gpu.install(contextFor(), { machine, access: node }, host("ubuntu-24.04"));
    expect(asked(node)[0]).toContain(`linux-modules-nvidia-580-server-open-${kernels.ubuntu} `);
  });

  test.each([
    ["debian-12", "3bf863cc.pub", "580", "amd64", "x86_64"],
    ["debian-13", "8793F200.pub", "595", "arm64", "sbsa"],
  ] as const)(
    "on %s is NVIDIA's own, of one branch, with headers",
    async (os, file, branch, architecture, folder) => {
      const node = aptMachine("amd64\ncloud-amd64");
      const facts = host(os, {}, { architecture });
      await gpu.install(contextFor(), { machine, access: node }, facts);
      const place = `${driver.url}/${os.replace("-", "")}/${folder}/`;
      expect(node.files.get("/etc/apt/sources.list.d/nvidia-driver.list")).toBe(
        `deb [signed-by=/etc/apt/keyrings/nvidia-driver.gpg] ${place} /\n`,
      );
      const fetched = node.ran.find(({ line }) => line.includes("download-file"))?.line;
      expect(fetched).toContain(`${place}${file} `);
      expect(asked(node)).toEqual([
        `nvidia-driver-pinning-${branch}`,
        "linux-image-cloud-amd64 linux-headers-cloud-amd64 nvidia-driver-cuda " +
          `nvidia-kernel-open-dkms ${toolkitPins}`,
      ]);
      const held = node.ran.filter(({ line }) => line.startsWith("apt-mark hold")).at(-1)?.line;
      expect(held).toContain("nvidia-kernel-open-dkms");
      // A held kernel would get no fixes.
      expect(held).not.toContain("linux-");
    },
  );

  test("keys are those of the systems, 40 digits each", () => {
    for (const { nvidia } of Object.values(systems)) {
      if (nvidia.folder) expect(driver.keys[nvidia.folder].fingerprint).toMatch(/^[0-9A-F]{40}$/);
    }
    expect(toolkit.fingerprint).toMatch(/^[0-9A-F]{40}$/);
  });

  test.each([
    ["debian-13", { devices: ["2330", "1db1"] }, "old GPU of lab-node-1 (10de:1db1)", "Debian 12"],
    ["ubuntu-24.04", { devices: ["102d"] }, "old GPU", "install a driver there yourself"],
    ["debian-13", { secureBoot: true }, "signed kernel modules", "Ubuntu"],
    ["debian-12", { secureBoot: true }, "signed kernel modules", "gpuDriver: false"],
  ])("is refused on %s with %j", (os, gpus, message, hint) => {
    expect(() => {
      gpu.check(host(os, gpus));
    }).toThrow(
      expect.objectContaining({
        code: "unsupported",
        message: expect.stringContaining(message) as string,
        hint: expect.stringContaining(hint) as string,
      }) as Error,
    );
  });

  test("on a kernel of nobody knows whom is refused on Debian", async () => {
    const node = aptMachine("");
    const work = gpu.install(contextFor(), { machine, access: node }, host("debian-13"));
    await expect(work).rejects.toMatchObject({ code: "unsupported" });
    expect(asked(node)).toEqual([]);
  });
});

describe("what is there already", () => {
  test("is not installed again while the driver answers", async () => {
    const node = aptMachine("azure");
    const place = { machine, access: node };
    await gpu.install(contextFor(), place, host("ubuntu-24.04"));
    const before = asked(node).length;
    const again = await gpu.install(contextFor(), place, host("ubuntu-24.04", { driver: "580.1" }));
    expect(again).toEqual({ skipped: "installed already" });
    expect(asked(node)).toHaveLength(before);
    // A kernel that was updated lacks its modules.
    await gpu.install(contextFor(), place, host("ubuntu-24.04"));
    expect(asked(node).length).toBeGreaterThan(before);
  });

  test("of somebody else stays, and gets the toolkit that it lacks", async () => {
    const node = aptMachine("azure");
    const place = { machine, access: node };
    const foreign = { driver: "570.1", toolkit: true };
    const left = await gpu.install(contextFor(), place, host("ubuntu-24.04", foreign));
    expect(left).toEqual({ skipped: "was there already" });
    const bare = host("ubuntu-24.04", { ...foreign, toolkit: false });
    await gpu.install(contextFor(), place, bare);
    expect(asked(node).join(" ")).not.toContain("server");
    expect(asked(node)[0]).toContain(`nvidia-container-toolkit=${toolkit.version} `);
  });
});

test("delete takes back what came with it, and no kernel", async () => {
  const node = aptMachine("cloud-amd64");
  await gpu.install(contextFor(), { machine, access: node }, host("debian-13"));
  const added = node.files.get("/var/lib/clouder/bootstrap/new-packages.json") ?? "";
  expect(Object.keys(JSON.parse(added) as object)).toEqual(["nvidia-utils", "gcc"]);
  const cleaned: readonly string[] = traces.files;
  const written = [...node.files.keys()].filter((path) => path.startsWith("/etc/"));
  expect(written.length).toBeGreaterThan(3);
  for (const path of written) expect(cleaned).toContain(path);
});
