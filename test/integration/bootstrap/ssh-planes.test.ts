import { expect, test } from "vitest";
import { createSshWorld } from "#test/fakes/ssh-world";

test("three control planes join in turn while all are prepared at once; again nothing is changed (O4)", async () => {
  let [joining, most, joins] = [0, 0, 0];
  const pace = async (host: number, argv: readonly string[]) => {
    if (host > 2 || !argv[2]?.includes("kubeadm config validate") || argv[5] !== "join") return;
    [joining, joins] = [joining + 1, joins + 1];
    most = Math.max(most, joining);
    await new Promise((resolve) => setTimeout(resolve, 200));
    joining -= 1;
  };
  await using world = await createSshWorld({ hosts: 6, planes: 3, pace });
  expect(await world.create()).toMatchObject({ changed: true });
  expect([joins, most]).toEqual([2, 1]);
  const nodes = world.state().map((lines) => lines.filter((line) => line.startsWith("node ")));
  expect(nodes.map(([line]) => line?.split(" ")[1])).toEqual([
    ...["fleet-master", "fleet-master-2", "fleet-master-3"],
    ...["fleet-node-1", "fleet-node-2", "fleet-node-3"],
  ]);
  expect(await world.create()).toMatchObject({ changed: false });
}, 60_000);
