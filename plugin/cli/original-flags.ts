import { boolean, string } from "#plugin/cli/flags";

/** What the original asks or takes beyond the flags of `cluster create`. */
export const originalCreateFlags = {
  cni: string({ description: "pod network", options: ["flannel"], default: "flannel" }),
  "enable-criu": boolean({ description: "prove every node for CRIU, which is done anyway" }),
};

/** The original's defaults: one control plane, three workers. */
export const originalDefaults = { workers: 3 };
