import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "#checkpoint/stores/open-store";
import { describeStore } from "#test/contract/store";

describeStore("K1 a folder on the node", async () => {
  const folder = await mkdtemp(join(tmpdir(), "clouder-store-"));
  return {
    open: (prefix) => openStore({ url: `file://${folder}/${prefix}` }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
});
