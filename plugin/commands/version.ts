import { version } from "#core/version";
import { command } from "#plugin/cli/command";

export default command({
  summary: "Show the version of this program",
  examples: ["version", "version -o json"],
  run: () =>
    Promise.resolve({
      object: { clientVersion: version, node: process.version, platform: process.platform },
      text: `kubectl-clouder ${version}`,
    }),
});
