/** Names on nodes; equal to those of the checkpoint part, which a test compares. */
export const nodeNames = {
  runtimeHandler: "clouder",
  annotationPrefix: "clouder.datalayer.io",
  shim: "/opt/clouder/bin/clouder-runc",
  state: "/var/lib/clouder",
  containerdTmp: "/var/lib/clouder/tmp",
  install: "/opt/clouder",
} as const;

/** NVIDIA's container runtime, a runc that gives containers the GPUs that they ask for. */
export const nvidiaRuntime = {
  handler: "nvidia",
  program: "/usr/bin/nvidia-container-runtime",
} as const;
