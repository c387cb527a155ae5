import type { AddonInput, Values } from "#bootstrap/addons/addon";

/** Ports of every node that lead to it, for a load balancer in front. */
export const ingressPorts = { http: 30080, https: 30443 } as const;

/** Where nobody makes load balancers, the nodes' ports are the way in. */
export function traefikValues({ spec }: AddonInput): Values {
  const workers = spec.pools.reduce((sum, { count }) => sum + count, 0);
  const several = workers > 1;
  return {
    deployment: { replicas: several ? 2 : 1 },
    ...(several && { podDisruptionBudget: { enabled: true, minAvailable: 1 } }),
    service: { spec: { type: makesBalancers(spec.provider.name) ? "LoadBalancer" : "NodePort" } },
    ports: {
      web: { nodePort: ingressPorts.http },
      websecure: { nodePort: ingressPorts.https },
    },
    ingressClass: { enabled: true, isDefaultClass: true },
    global: { checkNewVersion: false, sendAnonymousUsage: false },
  };
}

function makesBalancers(provider: string): boolean {
  return provider === "aws" || provider === "azure";
}
