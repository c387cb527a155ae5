/** Names on nodes; equal to those of the checkpoint part, which a test compares. */
export const nodeNames = {
  runtimeHandler: "clouder",
  annotationPrefix: "clouder.datalayer.io",
  shim: "/opt/clouder/bin/clouder-runc",
  state: "/var/lib/clouder",
  containerdTmp: "/var/lib/clouder/tmp",
  install: "/opt/clouder",
} as const;
