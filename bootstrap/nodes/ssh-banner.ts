import { connect } from "node:net";

/** True when a server greets as SSH servers do, within a few seconds. */
export function answersSsh(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 5000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (chunk: Buffer) => {
      end(chunk.toString("latin1").startsWith("SSH-"));
    });
    socket.once("error", () => {
      end(false);
    });
    socket.once("close", () => {
      end(false);
    });
    socket.once("timeout", () => {
      end(false);
    });
  });
}
