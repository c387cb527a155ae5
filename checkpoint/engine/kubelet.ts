import { throwIfCancelled } from "#core/error";

export interface CheckpointCall {
  /** Given to the kubelet, which raises values below its own runtimeRequestTimeout to that. */
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Port to the kubelet of this node.
 *
 * Law: errors are ClouderErrors, translated by `#checkpoint/engine/kubelet-errors`. A call under way
 * is never broken off, whatever the signal says: the kubelet hands its end of the connection down to
 * containerd, which then cannot resume the container it has paused. The signal counts before the call.
 */
export interface KubeletCheckpoint {
  /** Dumps one container; gives the archive's path on the node as the kubelet names it. */
  checkpoint(
    namespace: string,
    pod: string,
    container: string,
    call: CheckpointCall,
  ): Promise<string>;
}

/** Makes calls for one container wait for each other. */
export function serialKubelet(kubelet: KubeletCheckpoint): KubeletCheckpoint {
  const tails = new Map<string, Promise<void>>();
  return {
    checkpoint: (namespace, pod, container, call) => {
      const key = `${namespace}/${pod}/${container}`;
      const ours = (tails.get(key) ?? Promise.resolve()).then(() => {
        throwIfCancelled(call.signal);
        return kubelet.checkpoint(namespace, pod, container, call);
      });
      const tail = ours.then(
        () => undefined,
        () => undefined,
      );
      tails.set(key, tail);
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
      return ours;
    },
  };
}
