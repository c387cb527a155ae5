/** What a PKCS#10 request asks for, as far as it decides an approval. */
export interface CertificateRequest {
  readonly commonName: string | undefined;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
  /** Subject alternative names that are neither DNS names nor addresses. */
  readonly otherNames: number;
}

/** One DER element. */
interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

const oids = { commonName: "550403", organization: "55040a", subjectAltName: "551d11" } as const;

/** Reads a PEM request; undefined when it is not one. The signature is the API server's business. */
export function parseCertificateRequest(pem: string): CertificateRequest | undefined {
  const body = /-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END/.exec(pem)?.[1];
  if (body === undefined) return undefined;
  try {
    const [outer] = children(Buffer.from(body, "base64"));
    const [info] = outer ? children(outer.content) : [];
    const [, subject, , attributes] = info ? children(info.content) : [];
    if (!subject || !attributes) return undefined;
    return { ...readSubject(subject), ...readNames(attributes) };
  } catch {
    return undefined;
  }
}

function children(bytes: Buffer): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes.readUInt8(at);
    let length = bytes.readUInt8(at + 1);
    let start = at + 2;
    if (length > 0x80) {
      const count = length - 0x80;
      length = bytes.readUIntBE(start, count);
      start += count;
    } else if (length === 0x80) throw new RangeError("indefinite length");
    if (start + length > bytes.length) throw new RangeError("truncated");
    elements.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}

/** Subject: a sequence of sets of (kind, value). */
function readSubject(subject: Element) {
  const pairs = children(subject.content)
    .flatMap(({ content }) => children(content))
    .map(({ content }) => children(content));
  const values = (oid: string) =>
    pairs
      .filter(([kind]) => kind?.content.toString("hex") === oid)
      .map(([, value]) => value?.content.toString("utf8") ?? "");
  const names = values(oids.commonName);
  return {
    commonName: names.length === 1 ? names[0] : undefined,
    organizations: values(oids.organization),
  };
}

/** Attributes ▸ extension request ▸ extensions ▸ subject alternative names. */
function readNames(attributes: Element) {
  const extensions = children(attributes.content)
    .flatMap(({ content }) => children(content).slice(1))
    .flatMap(({ content }) => children(content))
    .flatMap(({ content }) => children(content))
    .map(({ content }) => children(content));
  const names = extensions
    .filter(([oid]) => oid?.content.toString("hex") === oids.subjectAltName)
    .flatMap((parts) => children(parts.at(-1)?.content ?? Buffer.alloc(0)))
    .flatMap(({ content }) => children(content));
  const dns = names.filter(({ tag }) => tag === 0x82);
  const addresses = names.filter(({ tag }) => tag === 0x87);
  return {
    dnsNames: dns.map(({ content }) => content.toString("latin1")),
    addresses: addresses.map(({ content }) => formatIp(content)),
    otherNames: names.length - dns.length - addresses.length,
  };
}

function formatIp(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join(".");
  const groups = Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readUInt16BE(at * 2));
  return groups.map((group) => group.toString(16)).join(":");
}
