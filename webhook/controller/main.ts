import { systemNamespace } from "#checkpoint/api/names";
import { runLeadingService } from "#kube/leading-service";
import { injectionControllerName } from "#webhook/api/names";
import { runController } from "#webhook/controller/run-controller";
import { controllerSettings } from "#webhook/controller/settings";

/** Entry `clouder-injection-controller`: two replicas, one of which works. */

const service = { name: injectionControllerName, namespace: systemNamespace, host: process };
await runLeadingService(service, (environment) => {
  const settings = controllerSettings(environment);
  return (context) => runController({ ...context, settings });
});
