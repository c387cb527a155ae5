import type { PackageSource } from "#bootstrap/spec/cluster-spec";
import { below, wrongField } from "./document.ts";
import { choiceField, objectField, textField, type Pattern, type Value } from "./field.ts";

const address: Pattern = {
  pattern: /^https?:\/\/[^\s/]+(\/\S*)?$/,
  named: "is not an address",
  example: "https://mirror.example.org/kubernetes",
};
const registry: Pattern = {
  pattern: /^(https?:\/\/)?[A-Za-z0-9.-]+(:\d{1,5})?$/,
  named: "is not host[:port]",
  example: "mirror.example.org:5000",
};
const fingerprint: Pattern = {
  pattern: /^[0-9A-Fa-f]{40}([0-9A-Fa-f]{24})?$/,
  named: "is not the fingerprint of an OpenPGP key: 40 or 64 hexadecimal digits",
  example: "DE15B14486CD377B9E876E1A234654DA9A296436",
};
const packageVersion: Pattern = {
  pattern: /^2\.\d+(\.\d+)?$/,
  named: "is not a version of containerd 2, or the beginning of one",
  example: "2.3",
};

const ownKey = (whose: string) =>
  textField(
    { description: `Of the key that signs ${whose}, where it is not its vendor's.` },
    fingerprint,
  );

/** `spec.packages` of a Cluster document. */
export const packageFields = objectField(
  { description: "Where nodes get their software." },
  {
    kind: choiceField(
      { description: "Kind of source; left out: bundle where one is given, else online." },
      ["online", "mirror", "bundle"],
    ),
    bundle: textField({
      ...{ description: "Folder of an offline bundle (bundle.json).", example: "./bundle" },
    }),
    kubernetes: textField(
      { description: "mirror: address of a copy of pkgs.k8s.io, with core:/stable:/… below it." },
      address,
    ),
    containerd: textField(
      { description: "mirror: address of a copy of download.docker.com, with linux/… below it." },
      address,
    ),
    criu: textField(
      { description: "mirror: address of a copy of the CRIU project's repositories." },
      address,
    ),
    nvidiaDriver: textField(
      {
        description:
          "mirror: address of a copy of NVIDIA's repositories, with debian13/… below it.",
      },
      address,
    ),
    nvidiaToolkit: textField(
      {
        description:
          "mirror: address of a copy of NVIDIA's container toolkit, with stable/deb/… below it.",
      },
      address,
    ),
    registry: textField(
      {
        description: "mirror: registry with the images of registry.k8s.io and ghcr.io, same names.",
      },
      registry,
    ),
    charts: textField(
      {
        description:
          "mirror: address of the folder with the archives of add-ons' charts, NAME-VERSION.tgz.",
      },
      address,
    ),
    ca: textField({
      description: "mirror: file (PEM) of the authority that signed its certificates.",
      example: "./ca.pem",
    }),
    fingerprints: objectField(
      { description: "mirror: keys of a mirror that signs by itself." },
      {
        kubernetes: ownKey("the Kubernetes packages"),
        containerd: ownKey("containerd.io"),
        criu: ownKey("CRIU"),
        nvidiaDriver: ownKey("NVIDIA's driver"),
        nvidiaToolkit: ownKey("NVIDIA's container toolkit"),
      },
    ),
    containerdVersion: textField(
      { description: "online, mirror: version of containerd.io, or its beginning." },
      packageVersion,
    ),
  },
);

type Written = Value<typeof packageFields> | undefined;

const belongs = {
  bundle: ["bundle"],
  online: ["containerdVersion"],
  mirror: [
    ...["kubernetes", "containerd", "criu", "nvidiaDriver", "nvidiaToolkit", "registry"],
    ...["charts", "ca", "fingerprints", "containerdVersion"],
  ],
} as const;

const place = (name: string) => below("spec.packages", name);

/** The source of packages that a document names; `config` names fields that are missing or too many. */
export function packageSource(written: Written, bundle: string | undefined): PackageSource {
  const { bundle: folder = bundle, containerdVersion } = written ?? {};
  const kind = written?.kind ?? (folder === undefined ? "online" : "bundle");
  refuseSurplus(written ?? {}, kind);
  const version = containerdVersion === undefined ? {} : { containerdVersion };
  if (kind === "online") return { kind, ...version };
  if (kind === "bundle") {
    if (folder !== undefined) return { kind, folder };
    throw wrongField(place("bundle"), "is missing", "give the folder with --bundle DIR");
  }
  return { ...mirror(written ?? {}), ...version };
}

function refuseSurplus(written: object, kind: PackageSource["kind"]): void {
  const known: readonly string[] = belongs[kind];
  for (const [name, value] of Object.entries(written)) {
    if (name === "kind" || value === undefined || known.includes(name)) continue;
    const cure = `take it out, or change ${place("kind")}`;
    throw wrongField(place(name), `does not go with ${kind}`, cure);
  }
}

function mirror(
  written: Partial<NonNullable<Written>>,
): Extract<PackageSource, { kind: "mirror" }> {
  const must = (name: "kubernetes" | "containerd" | "registry"): string => {
    const value = written[name];
    if (value !== undefined) return value;
    throw wrongField(place(name), "is missing", "a mirror has kubernetes, containerd and registry");
  };
  const { criu, nvidiaDriver, nvidiaToolkit, charts, ca, fingerprints } = written;
  return {
    kind: "mirror",
    ...{ kubernetes: must("kubernetes"), containerd: must("containerd") },
    registry: must("registry"),
    ...(criu !== undefined && { criu }),
    ...(nvidiaDriver !== undefined && { nvidiaDriver }),
    ...(nvidiaToolkit !== undefined && { nvidiaToolkit }),
    ...(charts !== undefined && { charts }),
    ...(ca !== undefined && { ca }),
    ...(fingerprints !== undefined && { fingerprints }),
  };
}
