import { ensureFiles } from "#bootstrap/nodes/ensure-files";
import { output } from "#bootstrap/nodes/remote-file";
import type { Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/**
 * Loopback connections live on; one that a probe is just opening does not make the dump fail; file
 * locks and deleted-but-open files come back.
 */
const options = ["tcp-established", "skip-in-flight", "file-locks", "link-remap"];

/** CRIU's settings for dumps by runc, the same on every node. */
export const criu: Step = {
  id: "criu",
  title: "configure CRIU",
  scope: "node",
  needs: ["nodes"],
  gives: [],
  after: ["install-packages"],
  preview: () => [`/etc/criu/runc.conf: ${options.join(", ")}`, "criu --version, at least 3.16"],
  run: async (_context, _facts, { access }) => {
    const version = /Version: (\d+)\.(\d+)/.exec(await output(access, ["criu", "--version"]));
    const [major = 0, minor = 0] = (version ?? []).slice(1).map(Number);
    if (major < 3 || (major === 3 && minor < 16)) {
      throw new ClouderError("unsupported", `${access.host} has CRIU ${major}.${minor}`, {
        hint: "use a bundle with CRIU 3.16 or newer; 4.2 on kernels from 6.16 on",
      });
    }
    const changed = await ensureFiles(access, [
      { path: "/etc/criu/runc.conf", content: options.map((one) => `${one}\n`).join("") },
    ]);
    return changed.length === 0 ? { skipped: "configured already" } : {};
  },
};
