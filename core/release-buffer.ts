import { isMarkedAsUntransferable } from "node:worker_threads";

/**
 * Gives the memory behind `bytes` back at once. The collector would do so in its own time, and
 * until then megabytes of dead frames would pile up. Only for buffers that nobody else looks at.
 */
export function releaseBuffer(bytes: Uint8Array): void {
  const { buffer } = bytes;
  // Small buffers lie in Node's pool, which others use too.
  if (buffer instanceof ArrayBuffer && buffer.byteLength > 0 && !isMarkedAsUntransferable(buffer)) {
    buffer.transfer(0);
  }
}
