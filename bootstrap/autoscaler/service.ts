import type { Method } from "#bootstrap/autoscaler/grpc";
import type { Group } from "#bootstrap/autoscaler/groups";
import type { Instance, NodeName, Scaler } from "#bootstrap/autoscaler/scaler";
import {
  bytesField,
  integerField,
  integerOf,
  messagesOf,
  textOf,
  type Fields,
} from "#bootstrap/autoscaler/wire";

/** Of cluster-autoscaler's externalgrpc.proto. */
export const serviceName = "clusterautoscaler.cloudprovider.v1.externalgrpc.CloudProvider";

const nothing: Uint8Array = Buffer.alloc(0);
const states = { running: 1, creating: 2, deleting: 3 } as const;
/** Of cluster-autoscaler's InstanceErrorClass: it tries again later, and another group first. */
const otherError = 99;

/**
 * The calls that an autoscaler cannot do without. Prices, options and templates are left out: a group
 * is measured by its nodes, so that one without any is not made larger.
 */
export function serviceMethods(scaler: Scaler): Readonly<Record<string, Method>> {
  return {
    NodeGroups: async () =>
      join((await scaler.groups()).map((one) => bytesField(1, groupBytes(one)))),
    NodeGroupForNode: async (request) => {
      const [node] = messagesOf(request, 1).map(nodeOf);
      const group = node && (await scaler.groupOf(node));
      return group ? bytesField(1, groupBytes(group)) : nothing;
    },
    NodeGroupTargetSize: async (request) =>
      integerField(1, await scaler.target(textOf(request, 1))),
    NodeGroupIncreaseSize: async (request) => {
      await scaler.grow(textOf(request, 2), integerOf(request, 1));
      return nothing;
    },
    NodeGroupDeleteNodes: async (request) => {
      await scaler.remove(textOf(request, 2), messagesOf(request, 1).map(nodeOf));
      return nothing;
    },
    NodeGroupDecreaseTargetSize: async (request) => {
      await scaler.giveUp(textOf(request, 2), -integerOf(request, 1));
      return nothing;
    },
    NodeGroupNodes: async (request) => {
      const instances = await scaler.instances(textOf(request, 1));
      return join(instances.map((one) => bytesField(1, instanceBytes(one))));
    },
    GPULabel: () => Promise.resolve(bytesField(1, "nvidia.com/gpu.present")),
    GetAvailableGPUTypes: () => Promise.resolve(nothing),
    Refresh: () => {
      scaler.refresh();
      return Promise.resolve(nothing);
    },
    Cleanup: () => Promise.resolve(nothing),
  };
}

function nodeOf(fields: Fields): NodeName {
  return { id: textOf(fields, 1), name: textOf(fields, 2) };
}

function groupBytes({ name, min, max }: Group): Uint8Array {
  return join([bytesField(1, name), integerField(2, min), integerField(3, max)]);
}

function instanceBytes({ id, state, trouble }: Instance): Uint8Array {
  const error =
    trouble === undefined
      ? []
      : [
          bytesField(
            2,
            join([bytesField(1, "failed"), bytesField(2, trouble), integerField(3, otherError)]),
          ),
        ];
  const status = join([integerField(1, states[state]), ...error]);
  return join([bytesField(1, id), bytesField(2, status)]);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
