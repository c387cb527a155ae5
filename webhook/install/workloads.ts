import { systemNamespace } from "#checkpoint/api/names";
import { componentLabels } from "#kube/install/labels";
import {
  disruptionBudget,
  podEnvironment,
  probes,
  spread,
  unprivileged,
} from "#kube/install/pod-parts";
import type { KubeObject } from "#kube/kube";
import type { Deployment, Service } from "#kube/objects";
import { injectionControllerName, webhookName } from "#webhook/api/names";
import type { WebhookSettings } from "#webhook/install/settings";

export const webhookComponent = "webhook";
export const controllerComponent = "injection-controller";
/** Of the webhook's container; the Service translates 443. */
export const webhookPort = 8443;
const controllerPort = 8081;
/** Connections that are open already are still answered for so long after SIGTERM. */
const drainSeconds = 10;
const faults = { Fail: "deny", Ignore: "allow" } as const;

/** The reachable process: answers the API server, knows no secret value. */
export function webhookObjects(settings: WebhookSettings): readonly KubeObject[] {
  const labels = componentLabels(webhookComponent);
  const metadata = { name: webhookName, namespace: systemNamespace, labels };
  const service: Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: {
      selector: labels,
      ports: [{ name: "https", port: 443, targetPort: "https" }],
    },
  };
  return [
    service,
    deployment({
      name: webhookName,
      component: webhookComponent,
      settings,
      port: { name: "https", containerPort: webhookPort },
      scheme: "HTTPS",
      env: [
        { name: "CLOUDER_WEBHOOK_PORT", value: String(webhookPort) },
        { name: "CLOUDER_WEBHOOK_TIMEOUT_SECONDS", value: String(settings.timeoutSeconds) },
        // A fault of ours counts as no answer does.
        { name: "CLOUDER_WEBHOOK_ON_FAULT", value: faults[settings.failurePolicy] },
        { name: "CLOUDER_WEBHOOK_DRAIN_SECONDS", value: String(drainSeconds) },
        { name: "NODE_OPTIONS", value: "--max-old-space-size=160 --max-semi-space-size=8" },
        { name: "MALLOC_ARENA_MAX", value: "2" },
      ],
      resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "320Mi" } },
      // The Service forgets the pod first, then the process is told to finish what it has.
      preStopSeconds: 5,
    }),
    budget(webhookName, webhookComponent, settings.replicas),
  ];
}

/** The unreachable process: certificates, claims and the index of Secrets. */
export function controllerObjects(settings: WebhookSettings): readonly KubeObject[] {
  const { certificates } = settings;
  return [
    deployment({
      name: injectionControllerName,
      component: controllerComponent,
      settings: { ...settings, replicas: Math.min(2, settings.replicas) },
      port: { name: "health", containerPort: controllerPort },
      scheme: "HTTP",
      env: [
        { name: "CLOUDER_HEALTH_PORT", value: String(controllerPort) },
        { name: "CLOUDER_CERTIFICATES", value: certificates.mode },
        { name: "NODE_OPTIONS", value: "--max-old-space-size=256" },
      ],
      resources: { requests: { cpu: "20m", memory: "96Mi" }, limits: { memory: "384Mi" } },
      preStopSeconds: 0,
    }),
    budget(injectionControllerName, controllerComponent, settings.replicas),
  ];
}

interface Program {
  readonly name: string;
  readonly component: string;
  readonly settings: WebhookSettings;
  readonly port: { readonly name: string; readonly containerPort: number };
  readonly scheme: "HTTP" | "HTTPS";
  readonly env: readonly object[];
  readonly resources: object;
  readonly preStopSeconds: number;
}

function deployment(program: Program): Deployment {
  const { name, component, settings, preStopSeconds } = program;
  const labels = componentLabels(component);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: systemNamespace, labels },
    spec: {
      replicas: settings.replicas,
      selector: { matchLabels: labels },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          priorityClassName: "system-cluster-critical",
          terminationGracePeriodSeconds:
            preStopSeconds + drainSeconds + settings.timeoutSeconds + 5,
          nodeSelector: { "kubernetes.io/os": "linux" },
          topologySpreadConstraints: spread(labels),
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          containers: [container(program)],
        },
      },
    },
  };
}

function container({ name, component, settings, port, scheme, ...program }: Program): object {
  const { preStopSeconds, env, resources } = program;
  return {
    name: component,
    image: settings.image,
    imagePullPolicy: "IfNotPresent",
    command: [name],
    env: [...podEnvironment, ...env],
    ports: [port],
    // The webhook listens once the controller has made its first certificate.
    ...probes({ port: port.name, scheme, startSeconds: 120, readyEverySeconds: 2 }),
    ...(preStopSeconds > 0
      ? { lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } } }
      : {}),
    resources,
    securityContext: unprivileged,
  };
}

/** A pod that does not work anyhow never holds up a node's drain; neither does a single replica. */
function budget(name: string, component: string, replicas: number): KubeObject {
  return disruptionBudget(
    { name, namespace: systemNamespace, component },
    { minAvailable: replicas > 1 ? 1 : 0, unhealthyPodEvictionPolicy: "AlwaysAllow" },
  );
}
