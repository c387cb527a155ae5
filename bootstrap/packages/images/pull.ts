import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { output } from "#bootstrap/nodes/remote-file";
import { createGate } from "#bootstrap/plans/gate";
import { upstream } from "#bootstrap/packages/upstream";
import { registryFolder } from "#bootstrap/runtimes/containerd";
import type { Node, PlanContext, StepOutcome } from "#bootstrap/steps/step";
import { ClouderError, throwIfCancelled } from "#core/error";
import { retry } from "#core/retry";

const inContainerd = ["ctr", "-n", "k8s.io", "images"];
/** Pulls at the same time on one machine. */
const parallel = 3;

/** Pulls what a node of this role runs before Kubernetes asks for it; what is there stays. */
export async function pullImages(
  context: PlanContext,
  { access, machine }: Node,
): Promise<StepOutcome> {
  const listed = await kubeadmImages(access, context.spec.kubernetesVersion);
  const kubernetes = listed.filter(
    (name) => machine.role === "control-plane" || /\/(kube-proxy|pause|coredns):/.test(name),
  );
  const wanted = [...kubernetes, upstream.flannel.image, upstream.flannel.plugin];
  const present = new Set((await output(access, [...inContainerd, "ls", "-q"])).split("\n"));
  const missing = wanted.filter((name) => !present.has(name));
  if (missing.length === 0) return { skipped: `all ${wanted.length} are there` };
  const gate = createGate(parallel);
  let done = 0;
  await Promise.all(
    missing.map((name) =>
      gate(async () => {
        throwIfCancelled(context.signal);
        await pull(context, access, name);
        done += 1;
        context.report({
          ...{ type: "step-progress", step: "import-images", host: machine.name },
          ...{ done, total: missing.length, unit: "items" },
        });
      }),
    ),
  );
  return {};
}

/** The names that kubeadm of this version uses. */
export async function kubeadmImages(
  access: NodeAccess,
  kubernetesVersion: string,
): Promise<readonly string[]> {
  const argv = ["config", "images", "list", "--kubernetes-version", kubernetesVersion];
  const lines = await output(access, ["kubeadm", ...argv]);
  return lines.split("\n").filter((line) => line.includes(":"));
}

async function pull(context: PlanContext, access: NodeAccess, name: string): Promise<void> {
  const argv = [...inContainerd, "pull", "--hosts-dir", registryFolder, name];
  await retry({ attempts: 3, firstDelayMs: 2000, maxDelayMs: 8000 }, context.clock, async () => {
    const result = await access.run(argv, {
      ...{ allowFailure: true, timeoutMs: 600_000, signal: context.signal },
    });
    if (result.status !== 0) throw pullFailed(access.host, name, result.stderr);
  });
}

/** The error of an image that did not come. */
function pullFailed(host: string, name: string, stderr: string): ClouderError {
  const line = stderr.trim().split("\n").at(-1) ?? "";
  const details = { host, image: name, output: stderr.trim().split("\n").slice(-5) };
  if (/x509|certificate|tls:/i.test(line)) {
    return new ClouderError(
      "unauthenticated",
      `${host} does not trust the registry of ${name}: ${line}`,
      {
        hint: "give the authority that signed its certificate (PEM) in spec.packages.ca",
        details,
      },
    );
  }
  if (/not found|manifest unknown|name unknown|404/i.test(line)) {
    return new ClouderError("not-found", `the registry has no image ${name} (asked by ${host})`, {
      hint: "copy it into the mirror under the same name and tag; kubeadm config images list names all",
      details,
    });
  }
  if (/401|403|unauthorized|denied/i.test(line)) {
    return new ClouderError("unauthenticated", `the registry refuses ${name} to ${host}: ${line}`, {
      hint: "let machines pull without a password, or use an offline bundle",
      details,
    });
  }
  return new ClouderError("unreachable", `${host} cannot pull ${name}: ${line}`, {
    hint: "let the machine reach the registry, name a mirror in spec.packages.registry, or use an offline bundle",
    retryable: true,
    details,
  });
}
