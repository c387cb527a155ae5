import {
  choiceField,
  listField,
  mapField,
  numberField,
  objectField,
  openField,
  textField,
  truthField,
  type Pattern,
  type Value,
} from "./field.ts";
import { packageFields } from "./package-fields.ts";
import { addons } from "#bootstrap/addons/table";

export const documentVersion = "bootstrap.clouder.datalayer.io/v1alpha1";

export const clusterName: Pattern = {
  pattern: /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
  named: "cannot name a cluster: at most 40 small letters, digits and hyphens, a letter first",
  example: "lab",
  longest: 40,
};
const poolName: Pattern = {
  ...{ ...clusterName, longest: 30, example: "gpu-workers" },
  named: "cannot name a pool: at most 30 small letters, digits and hyphens, a letter first",
};
const network: Pattern = {
  pattern: /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/,
  named: "is not an IPv4 network",
  example: "10.244.0.0/16",
};
const version: Pattern = {
  pattern: /^v1\.\d+\.\d+$/,
  named: "is not a Kubernetes version",
  example: "v1.36.3",
};
const domain: Pattern = {
  pattern: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
  named: "is not a DNS domain",
  example: "cluster.local",
};
const endpoint: Pattern = {
  pattern: /^[A-Za-z0-9.-]+:\d{1,5}$/,
  named: "is not host:port",
  example: "api.example.org:6443",
};
const address: Pattern = {
  pattern: /^\d{1,3}(\.\d{1,3}){3}$/,
  named: "is not an IPv4 address",
  example: "10.0.0.10",
};
const machineSize: Pattern = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
  named: "is not a size of machines",
  example: "Standard_NC4as_T4_v3",
  longest: 60,
};
const labelKey: Pattern = {
  pattern: /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/,
  named: "is not the name of a label",
  example: "example.org/team",
};
const labelValue: Pattern = {
  pattern: /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/,
  named: "is not the value of a label",
  example: "blue",
};

const taint = objectField(
  { description: "Keeps pods away that do not tolerate it." },
  {
    key: textField({ description: "Name of the taint." }, labelKey),
    value: textField({ description: "Value of the taint." }, labelValue),
    effect: choiceField({ description: "What happens to pods that do not tolerate it." }, [
      "NoSchedule",
      "PreferNoSchedule",
      "NoExecute",
    ]),
  },
  ["key", "effect"],
);

const pool = objectField(
  { description: "Workers of one kind." },
  {
    name: textField({ description: "Name of the pool, a label of its nodes." }, poolName),
    count: numberField({ description: "Number of nodes.", default: 1, least: 0, most: 150 }),
    size: textField(
      { description: "Size of its machines in a cloud; left out: that of all workers." },
      machineSize,
    ),
    spot: truthField({
      description: "In a cloud: machines that may be taken away; left out: as the settings say.",
    }),
    min: numberField({
      description: "Least number of nodes a scale may ask for.",
      least: 0,
      most: 150,
    }),
    max: numberField({
      description: "Largest number of nodes a scale may ask for.",
      least: 0,
      most: 150,
      example: 10,
    }),
    labels: mapField({ description: "Labels of its nodes." }, labelKey, labelValue),
    taints: listField({ description: "Taints of its nodes." }, taint),
    gpuDriver: truthField({
      description:
        "Install NVIDIA's driver and container toolkit where a machine has a GPU; left out: in pools with a label xpu.datalayer.io/gpu….",
    }),
    checkpoint: truthField({
      description: "Prove its nodes by a real dump and restore.",
      default: true,
    }),
  },
  ["name"],
);

const spec = objectField(
  { description: "The cluster that is wanted." },
  {
    provider: objectField(
      { description: "Where machines come from." },
      {
        name: textField({ description: "Name of the provider.", default: "local" }),
        settings: openField({ description: "Settings of this provider." }),
      },
    ),
    kubernetesVersion: textField(
      { description: "Version of Kubernetes; left out: the newest that the packages have." },
      version,
    ),
    network: objectField(
      { description: "Networks inside of the cluster." },
      {
        podCIDR: textField(
          { description: "Addresses of pods.", default: "10.244.0.0/16" },
          network,
        ),
        serviceCIDR: textField(
          { description: "Addresses of services.", default: "10.96.0.0/12" },
          network,
        ),
        dnsDomain: textField(
          { description: "DNS domain of services.", default: "cluster.local" },
          domain,
        ),
        cni: choiceField({ description: "The pod network.", default: "flannel" }, ["flannel"]),
      },
    ),
    controlPlane: objectField(
      { description: "The nodes that run the API server and etcd." },
      {
        count: choiceField({ description: "Number of control planes.", default: 1 }, [1, 3, 5]),
        schedulable: truthField({ description: "Let ordinary pods run there.", default: false }),
        endpoint: textField(
          { description: "A name of yours for the API server, host:port, that can move." },
          endpoint,
        ),
        virtualAddress: textField(
          {
            description: "A free address of your own machines' network that control planes share.",
          },
          address,
        ),
      },
    ),
    nodes: objectField(
      { description: "What nodes get on request only." },
      {
        disableIoUring: truthField({
          description: "Set kernel.io_uring_disabled = 2 on nodes: nobody makes rings there.",
          default: false,
        }),
        checkpointGate: truthField({
          description: "Turn the kubelet's gate ContainerCheckpoint on, as it is since v1.30.",
          default: false,
        }),
      },
    ),
    cloudController: truthField({
      description:
        "Run the cloud's controllers in the cluster; left out: in clouds, unless packages are a bundle.",
    }),
    deletionProtection: truthField({
      description: "Refuse to delete the cluster until this is false; left out: as it is.",
    }),
    pools: listField({ description: "The workers; left out: one pool with one node." }, pool),
    packages: packageFields,
    addons: listField(
      { description: "Add-ons; left out: as they are. All: kubectl clouder addon list." },
      choiceField(
        { description: "Name of an add-on." },
        addons.map(({ name }) => name),
      ),
    ),
  },
);

/** The one table of a `Cluster` document: the reader, the defaults' homes and the JSON Schema. */
export const clusterFields = objectField(
  { description: "A Kubernetes cluster for kubectl clouder cluster create, plan and apply." },
  {
    apiVersion: choiceField({ description: "Version of this format." }, [documentVersion]),
    kind: choiceField({ description: "Kind of this document." }, ["Cluster"]),
    metadata: objectField(
      { description: "What the cluster is called." },
      { name: textField({ description: "Names of machines begin with it." }, clusterName) },
    ),
    spec,
  },
  ["apiVersion", "kind"],
);

/** A document as it was written, before defaults. */
export type ClusterDocument = Value<typeof clusterFields>;
