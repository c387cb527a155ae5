import type { Container, PodSpec } from "#kube/objects";

/**
 * What of a pod came from Secrets, by names: `Secret db: variable PASSWORD`, `Secret tls: files of
 * /etc/tls`. Variables and open files lie in the memory of its processes, and so in its archive.
 */
export function secretReferences(spec: Pick<PodSpec, "containers" | "volumes">): readonly string[] {
  const mounts = spec.containers.flatMap(({ volumeMounts }) => volumeMounts ?? []);
  const found = [
    ...spec.containers.flatMap(variables),
    ...(spec.volumes ?? []).flatMap((volume) => {
      const paths = mounts.filter(({ name }) => name === volume.name).map((one) => one.mountPath);
      const files = [...new Set(paths)].sort().join(", ");
      if (files === "") return [];
      return secretsOf(volume).map((secret) => `Secret ${secret}: files of ${files}`);
    }),
  ];
  return [...new Set(found)].sort();
}

function variables({ env, envFrom }: Container): readonly string[] {
  const single = (env ?? []).flatMap((variable) => {
    const from = variable["valueFrom"] as { secretKeyRef?: Named } | undefined;
    const secret = from?.secretKeyRef?.name;
    return secret === undefined ? [] : [`Secret ${secret}: variable ${String(variable["name"])}`];
  });
  const whole = ((envFrom ?? []) as readonly { secretRef?: Named }[]).flatMap(({ secretRef }) =>
    secretRef?.name === undefined ? [] : [`Secret ${secretRef.name}: variables of all its keys`],
  );
  return [...single, ...whole];
}

interface Named {
  readonly name?: string;
}

function secretsOf(volume: Readonly<Record<string, unknown>>): readonly string[] {
  const { secret, projected } = volume as {
    readonly secret?: { readonly secretName?: string };
    readonly projected?: { readonly sources?: readonly { readonly secret?: Named }[] };
  };
  const names = [secret?.secretName, ...(projected?.sources ?? []).map((one) => one.secret?.name)];
  return names.filter((name) => name !== undefined);
}
