import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { gpuScript, parseGpus } from "#bootstrap/nodes/host-gpus";
import { startScript } from "#bootstrap/steps/gpu-driver";

const run = promisify(execFile);
const efi = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "clouder-gpus-"));
  await mkdir(join(root, "programs"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function file(path: string, content: string | Uint8Array) {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}
async function program(path: string, script: string) {
  await file(path, `#!/bin/sh\n${script}\n`);
  await chmod(join(root, path), 0o755);
}
async function device(address: string, vendor: string, kind: string, id: string) {
  const folder = `sys/bus/pci/devices/${address}`;
  await file(`${folder}/vendor`, `${vendor}\n`);
  await file(`${folder}/class`, `${kind}\n`);
  await file(`${folder}/device`, `${id}\n`);
}

/** Runs a script with this tree in the place of the machine's. */
async function shell(script: string, path: readonly string[]) {
  const here = script.replaceAll(/(?<=[ "'=])\/(?=(sys|usr\/bin|proc|lib)\/)/g, `${root}/`);
  const env = { PATH: path.join(":") };
  const { stdout } = await run("/bin/sh", ["-c", here], { env });
  return stdout;
}
const system = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const mine = () => [join(root, "programs"), ...system];

async function looked(path = mine()) {
  const lines = (await shell(gpuScript, path)).split("\n");
  return parseGpus(
    (key) =>
      lines
        .find((line) => line.startsWith(`${key}=`))
        ?.slice(key.length + 1)
        .trim() ?? "",
  );
}

describe("a machine's PCI devices (E7)", () => {
  test("are looked through by the shell alone where none is a GPU of NVIDIA's", async () => {
    await device("0000:00:02.0", "0x8086", "0x030000", "0x3e9b");
    // NVIDIA's sound and network devices are no GPUs.
    await device("0000:01:00.1", "0x10de", "0x040300", "0x10f8");
    await device("0000:02:00.0", "0x15b3", "0x020000", "0x101b");
    const nowhere = [join(root, "programs")];
    expect(await looked(nowhere)).toBeUndefined();
    await rm(join(root, "sys"), { recursive: true });
    expect(await looked(nowhere)).toBeUndefined();
  });

  test("are told by their ids, with secure boot and without a driver", async () => {
    await device("0000:01:00.0", "0x10de", "0x030200", "0x2330");
    await device("0000:02:00.0", "0x10de", "0x030000", "0x1eb8");
    await file(efi, Buffer.from([6, 0, 0, 0, 1]));
    await program("programs/nvidia-smi", "echo NVIDIA-SMI has failed; exit 9");
    expect(await looked()).toEqual({
      ...{ devices: ["2330", "1eb8"], driver: "", toolkit: false, secureBoot: true },
    });
  });

  test("are told with the driver that answers and the toolkit that is there", async () => {
    await device("0001:00:00.0", "0x10de", "0x030200", "0x20b5");
    await file(efi, Buffer.from([6, 0, 0, 0, 0]));
    await program("programs/nvidia-smi", 'printf "580.95.05\\n580.95.05\\n"');
    await program("usr/bin/nvidia-container-runtime", "exit 0");
    expect(await looked()).toEqual({
      ...{ devices: ["20b5"], driver: "580.95.05", toolkit: true, secureBoot: false },
    });
  });
});

describe("starting the driver", () => {
  const broken = (said: string) => `test "$1" = -r || { echo "${said}" >&2; exit 1; }`;
  const smi = (script: string) => program("programs/nvidia-smi", script);
  const modprobe = (script: string) => program("programs/modprobe", script);
  const modinfo = (script: string) => program("programs/modinfo", script);
  const state = async () => (await shell(startScript, mine())).trim().split("\n");

  beforeEach(async () => {
    await file("proc/modules", "ext4 1 1 - Live 0x0\n");
    await mkdir(join(root, "lib/modules"), { recursive: true });
    await modinfo("exit 1");
    await modprobe(`echo "$*" >> ${root}/asked`);
    await smi('echo "GPU 0: Tesla T4"');
  });

  test("ends with what it drives", async () => {
    expect(await state()).toEqual(["ready", "GPU 0: Tesla T4"]);
    const { stdout } = await run("cat", [join(root, "asked")]);
    expect(stdout.trim().split("\n")).toEqual(["-r nouveau", "nvidia", "nvidia-uvm"]);
  });

  test.each([
    ["rejected", "modprobe: ERROR: could not insert 'nvidia': Key was rejected by service"],
    ["rejected", "could not insert: Required key not available"],
    ["failed", "modprobe: FATAL: Module nvidia not found"],
  ])("tells %s where modprobe says: %s", async (expected, said) => {
    await modprobe(broken(said));
    expect(await state()).toEqual([expected, said]);
  });

  test("asks for a reboot while nouveau stays, and where the modules are another kernel's", async () => {
    await modprobe(broken("No such device"));
    await file("proc/modules", "nouveau 1 1 - Live 0x0\n");
    expect((await state())[0]).toBe("reboot");
    await file("proc/modules", "\n");
    expect((await state())[0]).toBe("failed");
    await file("lib/modules/6.12.50-cloud-amd64/updates/dkms/nvidia.ko.xz", "");
    expect((await state())[0]).toBe("reboot");
    // They are this kernel's: another boot would change nothing.
    await modinfo("exit 0");
    expect((await state())[0]).toBe("failed");
  });

  test("asks for a reboot where an older module of the driver is loaded", async () => {
    await smi('echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18');
    expect((await state())[0]).toBe("reboot");
  });
});
