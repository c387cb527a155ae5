import { ensureFiles } from "#bootstrap/nodes/ensure-files";
import { output } from "#bootstrap/nodes/remote-file";
import { atLeast, leastCriu } from "#bootstrap/packages/systems";
import { hostOf } from "#bootstrap/steps/facts";
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
  needs: ["nodes", "hosts"],
  gives: [],
  after: ["install-packages"],
  preview: () => [
    `/etc/criu/runc.conf: ${options.join(", ")}`,
    "criu --version, at least 3.16, on kernels from 6.16 on 4.2; criu check",
  ],
  run: async (_context, facts, { access, machine }) => {
    const { kernel } = hostOf(facts, machine);
    const least = leastCriu(kernel);
    const said = await output(access, ["criu", "--version"]);
    const version = /Version: (\d+\.\d+\S*)/.exec(said)?.[1] ?? "of an unknown version";
    if (!atLeast(version, least)) {
      throw new ClouderError(
        "unsupported",
        `${access.host} has CRIU ${version}, its kernel ${kernel} needs ${least}`,
        { hint: "use a system or a source of packages that has it, or boot an older kernel" },
      );
    }
    const checked = await access.run(["criu", "check"], { allowFailure: true });
    if (checked.status !== 0) {
      const lines = `${checked.stdout}\n${checked.stderr}`.trim().split("\n");
      throw new ClouderError("criu", `criu check fails on ${access.host}: ${lines.at(-1) ?? ""}`, {
        hint: "the kernel lacks what CRIU needs: boot the distribution's own kernel",
        details: { host: access.host, output: lines.slice(-12) },
      });
    }
    const changed = await ensureFiles(access, [
      { path: "/etc/criu/runc.conf", content: options.map((one) => `${one}\n`).join("") },
    ]);
    return changed.length === 0 ? { skipped: "configured already" } : {};
  },
};
