import { apiEndpoint } from "#bootstrap/kubeadm/endpoint";
import type { Step } from "#bootstrap/steps/step";

/** Where nodes find the API servers. */
export const endpoint: Step = {
  id: "endpoint",
  title: "find the API servers' address",
  scope: "cluster",
  needs: ["machines"],
  gives: ["endpoint"],
  preview: ({ spec }) => [
    spec.controlPlane.endpoint ??
      "the load balancer's, the one that control planes share, or the first control plane's",
  ],
  run: async (context, { machines = [] }) => ({
    facts: { endpoint: await apiEndpoint(context, machines) },
  }),
};
