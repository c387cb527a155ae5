import { setTimeout as sleep } from "node:timers/promises";
import { counterPod } from "#test/e2e/pods";
import { podLog, raiseLabCluster } from "#test/lab/lab-cluster";
import { raiseOnlineCluster } from "#test/lab/online-cluster";
import { publicRepositoriesAnswer } from "#test/lab/public-repositories";
import { testImages } from "#test/lab/versions";

/**
 * The main job, shown step by step: a pod whose state lives only in memory is checkpointed on one
 * node, deleted, and goes on on the other node.
 */

let number = 0;
const say = (text: string) => process.stdout.write(`${text}\n`);
const step = (title: string) => {
  number += 1;
  say(`\n\u001b[1m${String(number)}. ${title}\u001b[0m`);
};
const lastCount = (lines: readonly string[]) => {
  const count = /^count (\d+)$/.exec(lines.at(-1) ?? "")?.[1];
  if (count === undefined) throw new Error(`not a counter's log: ${lines.join(" | ")}`);
  return Number(count);
};

// Ctrl-C reaches the running command too; its failure leads to the clean-up below.
process.on("SIGINT", () => undefined);
const keep = process.argv.includes("--keep");
const started = performance.now();
const online = await publicRepositoriesAnswer();
say(
  online
    ? "packages and images come from their vendors, who answer"
    : "packages and images come from an offline bundle built here: machines of this host do not reach their vendors",
);
const options = { name: "demo", show: true, step };
const cluster = online
  ? await raiseOnlineCluster({ ...options, packages: { kind: "online" } })
  : await raiseLabCluster(options);
const image = online ? "docker.io/library/busybox:1.37.0" : testImages.busybox;
try {
  const [first, second] = cluster.nodes;

  step(`a pod on ${first} that counts in its memory and nowhere else`);
  const pod = counterPod({ name: "counter", node: first, container: { image } });
  await cluster.kubectl(["apply", "-f", "-"], { stdin: JSON.stringify(pod) });
  await cluster.kubectl(["wait", "--for=condition=Ready", "pod/counter", "--timeout=60s"]);
  await sleep(2000);

  step("kubectl clouder checkpoint pod counter");
  const { stdout } = await cluster.clouder(["checkpoint", "pod", "counter", "-o", "name"]);
  const id = stdout.trim().replace(/^.*\//, "");
  const before = lastCount(await podLog(cluster, "counter", "c"));
  say(`the counter stands at ${String(before)}`);
  await cluster.clouder(["checkpoint", "list"]);

  step("the pod is deleted: its memory is in the store and nowhere else");
  await cluster.kubectl(["delete", "pod", "counter", "--wait"]);

  step(`kubectl clouder restore pod ${id} --node ${second}`);
  await cluster.clouder(["restore", "pod", id, "--node", second]);
  await sleep(1000);
  await cluster.kubectl(["get", "pod", "counter", "-o", "wide"]);
  const lines = await podLog(cluster, "counter", "c");
  say(lines.slice(0, 5).join("\n"));
  const firstAfter = lastCount(lines.slice(0, 1));
  if (firstAfter < 5 || firstAfter > before + 5) {
    throw new Error(
      `the counter did not go on: ${String(before)} before, ${String(firstAfter)} after`,
    );
  }
  say(`\nthe counter went on at ${String(firstAfter)} on ${second}`);
} finally {
  if (keep) say(`\nkept: export KUBECONFIG=${cluster.kubeconfig}`);
  else {
    step("everything is removed");
    await cluster[Symbol.asyncDispose]();
  }
}
say(`\ndone in ${String(Math.round((performance.now() - started) / 1000))} s`);
