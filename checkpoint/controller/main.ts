import { systemNamespace } from "#checkpoint/api/names";
import { reconcile } from "#checkpoint/controller/reconcile";
import { runLeadingService } from "#kube/leading-service";

/** Entry `clouder-controller`: two replicas, one of which works. */

const service = { name: "clouder-controller", namespace: systemNamespace, host: process };
await runLeadingService(service, () => reconcile);
