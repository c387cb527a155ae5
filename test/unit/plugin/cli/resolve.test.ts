import { describe, expect, it } from "vitest";
import { hasCode, type ClouderError } from "#core/error";
import { resolve } from "#plugin/cli/resolve";
import { nearest } from "#core/nearest";
import { catalog } from "#test/unit/plugin/cli/catalog-of";

const words = (line: string) => line.split(" ").filter((word) => word !== "");

describe("a command line wants", () => {
  it.each([
    ["checkpoint pod x -n a", "checkpoint:pod", "x -n a"],
    ["version", "version", ""],
    ["-n a checkpoint pod x", "checkpoint:pod", "x -n a"],
    ["--namespace=a -o json checkpoint list", "checkpoint:list", "--namespace=a -o json"],
    ["-n a checkpoint pod x -- -y", "checkpoint:pod", "x -n a -- -y"],
    ["checkpoint pod -- --help", "checkpoint:pod", "-- --help"],
    ["checkpoint pod --stop", "checkpoint:pod", "--stop"],
  ])("%s: the command", (line, id, rest) => {
    expect(resolve(words(line), catalog)).toEqual({ kind: "command", id, argv: words(rest) });
  });

  it.each([
    ["", ""],
    ["--help", ""],
    ["-h", ""],
    ["help", ""],
    ["checkpoint", "checkpoint"],
    ["checkpoint --help", "checkpoint"],
    ["help checkpoint pod", "checkpoint:pod"],
    ["checkpoint pod --help", "checkpoint:pod"],
    ["checkpoint pod x --stop -h", "checkpoint:pod"],
  ])("%s: help", (line, id) => {
    expect(resolve(words(line), catalog)).toEqual({ kind: "help", id });
  });

  it("Q11 Kubeadm, as the original prints it, means kubeadm, and no list has it", () => {
    const ours = { ...catalog.commands, "kubeadm:create": catalog.commands["version"]! };
    const help = { ...catalog.help, kubeadm: "kubeadm\n", "kubeadm:create": "create\n" };
    const all = { ...catalog, commands: ours, help };
    expect(resolve(words("Kubeadm create Kubeadm"), all)).toEqual({
      ...{ kind: "command", id: "kubeadm:create", argv: ["Kubeadm"] },
    });
    expect(resolve(words("help Kubeadm"), all)).toEqual({ kind: "help", id: "kubeadm" });
    expect(resolve(words("Kubeadm --help"), all)).toEqual({ kind: "help", id: "kubeadm" });
  });

  it("A7 a word after a command that takes none, with commands below it, is one of those mistyped", () => {
    const one = catalog.commands["version"]!;
    const commands = { ...catalog.commands, azure: one, "azure:regions": one };
    const help = { ...catalog.help, azure: "azure\n", "azure:regions": "regions\n" };
    const all = { ...catalog, commands, help };
    expect(() => resolve(words("azure regiosn"), all)).toThrow('unknown command "azure regiosn"');
    expect(resolve(words("azure -o json"), all)).toEqual({
      ...{ kind: "command", id: "azure", argv: ["-o", "json"] },
    });
  });

  it("--version: the version", () => {
    expect(resolve(["--version"], catalog)).toEqual({ kind: "version" });
  });
});

describe("what nobody knows is a usage error with a suggestion:", () => {
  it.each([
    ["versoin", /"versoin"/, /"version"/],
    ["checkpoint lsit", /"checkpoint lsit"/, /"checkpoint list"/],
    ["chekpoint pod x", /"chekpoint"/, /"checkpoint pod"/],
    ["store chekc a", /"store chekc"/, /"store check"/],
    ["frobnicate", /"frobnicate"/, /kubectl clouder --help/],
    ["checkpoint frobnicate", /"checkpoint frobnicate"/, /kubectl clouder checkpoint --help/],
    ["help frobnicate", /"frobnicate"/, /--help/],
    ["--frob", /no command/, /--help/],
  ])("%s", (line, message, hint) => {
    const fail = () => resolve(words(line), catalog);
    expect(fail).toThrow(message);
    try {
      fail();
    } catch (error) {
      expect(hasCode(error, "usage")).toBe(true);
      expect((error as ClouderError).hint).toMatch(hint);
    }
  });
});

it("near means few typing mistakes, swaps of neighbours counting once", () => {
  expect(nearest("stroe", ["store", "stop", "container"])).toEqual(["store"]);
  expect(nearest("xyz", ["store", "stop"])).toEqual([]);
});
