import type { Clock } from "#core/clock";
import { ClouderError } from "#core/error";
import type { Kube } from "#kube/kube";
import { secrets, type Secret } from "#kube/resources";
import type { CertificatePair, CertificateSource } from "#webhook/server/certificate";

const pauseMs = 2_000;

/** A Secret of type kubernetes.io/tls, watched by its name: the one Secret we may read. */
export function certificateSecret(
  kube: Kube,
  secret: { readonly namespace: string; readonly name: string },
  clock: Clock,
  retryMs = pauseMs,
): CertificateSource {
  const options = {
    namespace: secret.namespace,
    fieldSelector: `metadata.name=${secret.name}`,
  };
  return {
    name: `Secret ${secret.namespace}/${secret.name}`,
    follow: async function* (signal, trouble) {
      let last: CertificatePair | undefined;
      while (!signal.aborted) {
        try {
          for await (const event of kube.watch(secrets, options, signal)) {
            const object = event.type === "RESYNC" ? event.objects[0] : event.object;
            // A deleted Secret will be made anew; until then the certificate we have is right.
            if (object === undefined || event.type === "DELETED") continue;
            const pair = pairOf(object);
            if (!pair) {
              trouble(new ClouderError("integrity", `${secret.name} lacks tls.crt or tls.key`));
            } else if (pair.certificate !== last?.certificate || pair.key !== last.key) {
              last = pair;
              yield pair;
            }
          }
        } catch (error) {
          trouble(error);
        }
        await clock.sleep(retryMs, signal).catch(() => undefined);
      }
    },
  };
}

function pairOf({ data }: Secret): CertificatePair | undefined {
  const text = (key: string) => Buffer.from(data?.[key] ?? "", "base64").toString("utf8");
  const pair = { certificate: text("tls.crt"), key: text("tls.key") };
  return pair.certificate === "" || pair.key === "" ? undefined : pair;
}
