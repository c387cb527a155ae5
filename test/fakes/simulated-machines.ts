import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunResult } from "#bootstrap/nodes/node-access";

/**
 * Machines that answer the commands of `cluster create` and remember what was done: files, services,
 * images, nodes of one cluster. They are no shell: what they do not know succeeds with no output.
 * Steps whose scripts matter are tested on real machines; these are for how many and how long.
 */
export interface SimulatedMachine {
  readonly address: string;
  run(argv: readonly string[], input: Input): RunResult;
  /** What is on it, and its node in the cluster, a line each. */
  state(): readonly string[];
}

/** What a command was sent; of a large file only the beginning is kept. */
export interface Input {
  readonly head: Buffer;
  readonly bytes: number;
  readonly sha256: string;
}

/** Commands that take their time on real machines; the simulator's owner decides how long. */
export function longCommand(argv: readonly string[]): string | undefined {
  const script = argv[0] === "sh" ? (argv[2] ?? "") : "";
  if (script.includes("dpkg -i")) return "packages";
  if (script.includes("clouder-proof")) return "proof";
  if (script.includes("kubeadm config validate")) return `kubeadm ${argv[5] ?? ""}`;
  if (argv[0] === "systemctl" && argv[1] === "restart") return "restart";
  if (argv[0] === "ctr" && argv.includes("import")) return "images";
  return undefined;
}

interface Cluster {
  readonly authority: string;
  readonly nodes: Map<string, { labels: Record<string, string>; taints: object[] }>;
}

/** Machines that can become nodes of one cluster. */
export function simulatedMachines(addresses: readonly string[]): readonly SimulatedMachine[] {
  const cluster: Cluster = { authority: selfSigned(), nodes: new Map() };
  return addresses.map((address) => simulatedMachine(address, cluster));
}

function simulatedMachine(address: string, cluster: Cluster): SimulatedMachine {
  const files = new Map<string, Input>();
  const active = new Set<string>();
  const images = new Set<string>();
  let nodeName: string | undefined;
  const ok = (stdout = ""): RunResult => ({ status: 0, stdout, stderr: "" });
  const no = (stderr = ""): RunResult => ({ status: 1, stdout: "", stderr });

  const become = (input: Input) => {
    const name =
      /"nodeRegistration": \{\s*"name": "([^"]+)"/.exec(input.head.toString())?.[1] ?? "";
    nodeName = name;
    cluster.nodes.set(name, { labels: {}, taints: [] });
    for (const path of ["/etc/kubernetes/kubelet.conf", servingCertificate]) {
      files.set(path, textInput("x"));
    }
  };

  const script = (argv: readonly string[], input: Input): RunResult => {
    const [, , text = "", , ...words] = argv;
    if (text.includes("systemd-detect-virt --container")) return ok(facts(address));
    if (text.includes('mv -f -- "$new" "$1"')) {
      // Half of a file, whose sender has died, is dropped.
      if (String(input.bytes) === words[2]) files.set(words[0] ?? "", input);
      return ok(String(input.bytes));
    }
    if (text.includes("sha256sum")) return ok(sums(words));
    if (text.includes("clouder-proof")) return ok(`${versions}proven\n`);
    if (text.includes("criu --version")) return ok(versions);
    if (text.includes("kubeadm config validate")) {
      if (String(input.bytes) !== words[0]) return no("the configuration did not arrive whole");
      become(input);
      if (words[1] === "init") {
        files.set("/etc/kubernetes/admin.conf", textInput(adminConf));
        files.set("/etc/kubernetes/pki/ca.crt", textInput(cluster.authority));
      }
      return ok();
    }
    return anyThere(text);
  };

  /** "test -e A || test -e B"; another script does nothing. */
  const anyThere = (text: string): RunResult => {
    const paths = /^test -e (\S+(?: \|\| test -e \S+)*)$/.exec(text)?.[1]?.split(" || test -e ");
    return paths ? shown(paths.some((path) => files.has(path)) ? "" : undefined) : ok();
  };

  const sums = (paths: readonly string[]) =>
    paths
      .flatMap((path) => {
        const content = files.get(path);
        return content ? [`${content.sha256}  ${path}`] : [];
      })
      .join("\n");

  const ctr = (argv: readonly string[], input: Input): RunResult => {
    if (argv.includes("import")) {
      const end = input.head.indexOf("\n");
      // Cut off where its sender was killed.
      if (end < 0) return no("unexpected EOF");
      images.add(input.head.toString("utf8", 0, end));
    }
    return ok(argv.includes("ls") ? [...images].join("\n") : "");
  };

  const text = (path: string) => files.get(path)?.head;
  const programs: Readonly<Record<string, (argv: readonly string[], input: Input) => RunResult>> = {
    sh: script,
    ctr,
    cat: (argv) => shown(text(argv.at(-1) ?? "")?.toString()),
    base64: (argv) => {
      const path = argv.at(-1) ?? "";
      const content =
        text(path) ?? (path === "/etc/hosts" ? Buffer.from("127.0.0.1 x\n") : undefined);
      return shown(content?.toString("base64"));
    },
    test: (argv) => shown(files.has(argv.at(-1) ?? "") ? "" : undefined),
    sha256sum: (argv) => ok(sums(argv.slice(2))),
    stat: (argv) => ok(argv.slice(4).flatMap(sized).join("\n")),
    systemctl: (argv) => {
      const unit = argv.at(-1) ?? "";
      if (argv[1] === "restart") active.add(unit);
      return shown(argv[1] === "is-active" && !active.has(unit) ? undefined : "");
    },
    criu: () => ok("Version: 4.2\n"),
    kubectl: (argv) =>
      ok(kubectl(argv.slice(1).filter((word) => !/^--(kubeconfig|request|cache)/.test(word)), cluster)), // prettier-ignore
  };
  const shown = (output: string | undefined) => (output === undefined ? no() : ok(output));
  const sized = (path: string) => {
    const file = files.get(path);
    return file ? [`${file.bytes} ${path}`] : [];
  };
  const run = (argv: readonly string[], input: Input) =>
    programs[argv[0] ?? ""]?.(argv, input) ?? ok();
  const state = () => [
    ...[...files.keys()].map((path) => `file ${path}`),
    ...[...active].map((unit) => `active ${unit}`),
    ...[...images].map((name) => `image ${name}`),
    ...(nodeName === undefined
      ? []
      : [`node ${nodeName} ${JSON.stringify(cluster.nodes.get(nodeName))}`]),
  ];
  return { address, run, state };
}

function textInput(text: string): Input {
  return wholeInput(Buffer.from(text));
}

export function wholeInput(head: Buffer): Input {
  return { head, bytes: head.length, sha256: createHash("sha256").update(head).digest("hex") };
}

const servingCertificate = "/var/lib/kubelet/pki/kubelet-server-current.pem";
const versions = "criu=4.2\nrunc=1.3.6\nkernel=6.12.0\n";
const adminConf = `
clusters: [{name: lab, cluster: {server: "https://x:6443", certificate-authority-data: Q0E=}}]
users: [{name: admin, user: {client-key-data: aw==}}]
`;

function facts(address: string): string {
  return [
    ...["os=debian-13", "architecture=x86_64", "kernel=6.12.0", "cgroup=cgroup2fs"],
    ...["container=none", "capabilities=000001ffffffffff", "processors=2", "memory=4000000"],
    ...[`machine=${address}`, "init=systemd", `addresses=${address}`, "services="],
    ...["ports=", "firewalls=", "free=90000000", `clock=${Math.floor(Date.now() / 1000)}`],
  ].join("\n");
}

type Words = readonly string[];

function kubectl(all: Words, { nodes }: Cluster): string {
  const words = all[0] === "-n" ? all.slice(2) : all;
  const [verb, , name = ""] = words;
  if (verb === "get") return got(words, nodes);
  const node = nodes.get(name);
  if (node && verb === "label") {
    Object.assign(node.labels, Object.fromEntries(words.slice(4).map((word) => word.split("="))));
  }
  if (node && verb === "taint") {
    const [, key, effect] = /^([^=:]+).*:(\w+)$/.exec(words.at(-1) ?? "") ?? [];
    node.taints.push({ key, effect });
  }
  return "";
}

function got(words: Words, nodes: Cluster["nodes"]): string {
  const [, kind, name = ""] = words;
  const json = words.includes("json");
  const object = (one: string) => ({
    metadata: { name: one, labels: nodes.get(one)?.labels },
    spec: { taints: nodes.get(one)?.taints },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  });
  if (kind === "node") {
    if (json) return JSON.stringify(object(name));
    return nodes.has(name) ? `node/${name}\n` : "";
  }
  const names = kind === "nodes" ? [...nodes.keys()] : [];
  if (json) return JSON.stringify({ items: names.map(object) });
  return kind === "nodes" ? names.map((one) => `node/${one}\n`).join("") : "x";
}

/** A certificate authority's certificate, as kubeadm makes one. */
function selfSigned(): string {
  const folder = mkdtempSync(join(tmpdir(), "clouder-authority-"));
  try {
    const [key, certificate] = [join(folder, "key"), join(folder, "certificate")];
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
        ...["-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=kubernetes"],
      ],
      { stdio: "ignore" },
    );
    return readFileSync(certificate, "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
