import type { Step } from "#bootstrap/steps/step";

const nothing = "no load balancer is being made";

/** Clouds take minutes for one: machines are prepared meanwhile, and only kubeadm needs it. */
export const loadBalancer: Step = {
  id: "load-balancer",
  title: "wait until the load balancer takes connections",
  scope: "cluster",
  needs: ["endpoint"],
  gives: [],
  preview: ({ provider }) => [
    provider.awaitApiAddress
      ? "look at the load balancer until it is active, at most 10 minutes"
      : `nothing: ${nothing}`,
  ],
  run: async (context) => {
    if (!context.provider.awaitApiAddress) return { skipped: nothing };
    await context.provider.awaitApiAddress(context);
    return {};
  },
};
