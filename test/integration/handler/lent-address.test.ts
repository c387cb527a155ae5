import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withLentAddresses } from "#checkpoint/handler/lent-address";
import { createProgramRunner } from "#checkpoint/handler/program";

const name = `clouder-test-${process.pid}`;
const path = `/run/netns/${name}`;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "clouder-lent-"));
  execFileSync("ip", ["netns", "add", name]);
  inside("ip", "link", "set", "lo", "up");
});
afterEach(() => {
  execFileSync("ip", ["netns", "del", name]);
  rmSync(folder, { recursive: true, force: true });
});

function inside(...argv: string[]): string {
  return execFileSync("nsenter", [`--net=${path}`, ...argv], { encoding: "utf8" });
}
const addresses = () => inside("ip", "-o", "addr", "show", "lo");
const lend = <T>(list: readonly string[], work: () => Promise<T>) =>
  withLentAddresses({ run: createProgramRunner(0), folder }, path, list, work);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("the old pod's address in the new pod", () => {
  it("is there while the container is restored and gone after it, IPv4 and IPv6", async () => {
    const during = await lend(["10.9.8.7", "fd00::7"], () => Promise.resolve(addresses()));
    expect(during).toContain("10.9.8.7/32");
    expect(during).toContain("fd00::7/128");
    expect(addresses()).not.toMatch(/10\.9\.8\.7|fd00::7/);
  });

  it("is gone after a failed restore too", async () => {
    await expect(lend(["10.9.8.7"], () => Promise.reject(new Error("criu")))).rejects.toThrow(
      "criu",
    );
    expect(addresses()).not.toContain("10.9.8.7");
  });

  it("is left alone when it is the new pod's own", async () => {
    inside("ip", "addr", "add", "10.9.8.7/32", "dev", "lo");
    await lend(["10.9.8.7"], () => Promise.resolve());
    expect(addresses()).toContain("10.9.8.7/32");
  });

  it("is not asked for in a pod on the host's network", async () => {
    const lender = { run: createProgramRunner(0), folder };
    await withLentAddresses(lender, undefined, ["10.9.8.7"], () => Promise.resolve());
    expect(execFileSync("ip", ["-o", "addr", "show", "lo"], { encoding: "utf8" })).not.toContain(
      "10.9.8.7",
    );
  });

  it("stays until the last of several borrowers has done", async () => {
    const other = spawn("sleep", ["30"]);
    const home = join(folder, String(statSync(path).ino), "10.9.8.7");
    await lend(["10.9.8.7"], () => {
      writeFileSync(join(home, String(other.pid)), "");
      return Promise.resolve();
    });
    expect(addresses()).toContain("10.9.8.7/32");
    await lend(["10.9.8.7"], async () => {
      other.kill();
      await once(other, "close");
    });
    expect(addresses()).not.toContain("10.9.8.7");
  });

  it("takes outside connections along when it goes, and leaves those on loopback", async () => {
    const script = [
      "import socket,sys",
      "a=socket.socket(); a.bind(('10.9.8.7',0)); a.listen()",
      "b=socket.create_connection(a.getsockname(),source_address=('10.9.8.7',0)); c,_=a.accept()",
      "l=socket.socket(); l.bind(('127.0.0.1',0)); l.listen()",
      "m=socket.create_connection(l.getsockname()); n,_=l.accept()",
      "print('up',flush=True); sys.stdin.readline()",
      "m.sendall(b'x'); print('loopback',n.recv(1).decode())",
      "try:\n b.sendall(b'x'); print('outside',b.recv(1))\nexcept OSError as e: print('outside',type(e).__name__)",
    ].join("\n");
    const program = spawn("nsenter", [`--net=${path}`, "python3", "-c", script]);
    let said = "";
    program.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await lend(["10.9.8.7"], async () => {
      for (let turn = 0; turn < 100 && !said.includes("up"); turn += 1) await pause(50);
    });
    program.stdin.end("go\n");
    await once(program, "close");
    expect(said).toMatch(/loopback x\noutside (Connection\w*Error|BrokenPipeError)/);
  });
});
