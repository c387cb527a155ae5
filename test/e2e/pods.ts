/** Pods of the end-to-end tests; state lives in memory unless a test is about something else. */

export interface PodOptions {
  readonly name: string;
  readonly node: string;
  readonly runtimeClass?: boolean;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly container?: Readonly<Record<string, unknown>>;
}

function pod(options: PodOptions, containers: readonly object[]): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: options.name, labels: { app: options.name } },
    spec: {
      nodeName: options.node,
      terminationGracePeriodSeconds: 0,
      ...(options.runtimeClass === false ? {} : { runtimeClassName: "clouder" }),
      containers,
      ...options.extra,
    },
  };
}

export const shellCounter =
  "i=0; while [ ! -e /tmp/exit ]; do i=$((i+1)); echo count $i; sleep 0.2; done";

/** Counts in a shell variable and prints it; ends when /tmp/exit appears. */
export function counterPod(options: PodOptions): object {
  return pod(options, [counterContainer("c", options.container)]);
}

export function counterContainer(name: string, extra: object = {}): object {
  return {
    name,
    image: "docker.io/clouder/busybox:1",
    imagePullPolicy: "IfNotPresent",
    command: ["/bin/sh", "-c", shellCounter],
    ...extra,
  };
}

export function podOf(options: PodOptions, ...containers: readonly object[]): object {
  return pod(options, containers);
}

/** The program of test/fixtures/programs/stateful-server.py. */
export function pythonPod(
  options: PodOptions & { readonly heapMB: number; readonly outside?: string },
  program: string,
): object {
  return pod(options, [
    {
      name: "server",
      image: "docker.io/clouder/python:1",
      imagePullPolicy: "IfNotPresent",
      command: ["python3", "-u", "-c", program],
      env: [
        { name: "HEAP_MB", value: String(options.heapMB) },
        ...(options.outside === undefined ? [] : [{ name: "OUTSIDE", value: options.outside }]),
      ],
      ...options.container,
    },
  ]);
}
