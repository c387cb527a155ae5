import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";

/** A metadata service on loopback. */
export interface MetadataServer extends AsyncDisposable {
  readonly endpoint: string;
  /** Method and path of every request so far, with the status of its answer. */
  readonly calls: readonly string[];
}

/**
 * EC2's instance metadata as far as notices go, version 2 alone: a token by PUT with a life of 1 to 21600
 * seconds, refused when it was forwarded; 401 without a token or with one that is over; 404 where nothing stands.
 */
export interface Ec2Metadata extends MetadataServer {
  /** Documents below /latest/meta-data/. */
  readonly documents: Map<string, string>;
  /** The life that was asked for last, in seconds. */
  readonly asked: () => number;
  /** All tokens end, as after the machine was moved. */
  expire(): void;
}

export async function startEc2Metadata(now: () => number = Date.now): Promise<Ec2Metadata> {
  const documents = new Map<string, string>();
  const tokens = new Map<string, number>();
  let asked = 0;
  const server = await serve((request) => {
    const url = request.url ?? "";
    if (url === "/latest/api/token") {
      if (request.method !== "PUT") return [405, ""];
      if (request.headers["x-forwarded-for"] !== undefined) return [403, ""];
      const life = Number(request.headers["x-aws-ec2-metadata-token-ttl-seconds"]);
      if (!Number.isInteger(life) || life < 1 || life > 21_600) return [400, ""];
      asked = life;
      const token = randomBytes(40).toString("base64");
      tokens.set(token, now() + life * 1000);
      return [200, token];
    }
    const until = tokens.get(String(request.headers["x-aws-ec2-metadata-token"]));
    if (until === undefined || until <= now()) return [401, ""];
    const document = documents.get(url.replace(/^\/latest\/meta-data\//, ""));
    return document === undefined ? [404, "Not Found"] : [200, document];
  });
  const expire = () => {
    tokens.clear();
  };
  return { ...server, documents, asked: () => asked, expire };
}

/** One event as Azure shows it. */
export interface AzureEvent {
  readonly EventId: string;
  readonly EventType: "Freeze" | "Reboot" | "Redeploy" | "Preempt" | "Terminate";
  readonly EventStatus: "Scheduled" | "Started";
  readonly Resources: readonly string[];
  readonly NotBefore: string;
}

/**
 * Azure's instance metadata as far as scheduled events go: 400 without `Metadata: true`, with a forwarded
 * request or an unknown version; the incarnation grows with each change. POST acknowledges an event.
 */
export interface AzureMetadata extends MetadataServer {
  announce(...events: readonly AzureEvent[]): void;
}

export async function startAzureMetadata(): Promise<AzureMetadata> {
  let events: readonly AzureEvent[] = [];
  let incarnation = 1;
  const server = await serve((request) => {
    const url = new URL(request.url ?? "", "http://localhost");
    if (url.pathname !== "/metadata/scheduledevents") return [404, ""];
    const version = url.searchParams.get("api-version") ?? "";
    const forwarded = request.headers["x-forwarded-for"] !== undefined;
    if (request.headers["metadata"] !== "true" || forwarded || version !== "2020-07-01") {
      return [400, JSON.stringify({ error: "Bad request: api-version or header missing" })];
    }
    if (request.method === "POST") return [200, ""];
    const shown = events.map((one) => ({
      ...{ ...one, ResourceType: "VirtualMachine", EventSource: "Platform" },
      ...{ Description: "", DurationInSeconds: -1 },
    }));
    return [200, JSON.stringify({ DocumentIncarnation: incarnation, Events: shown })];
  });
  return {
    ...server,
    announce: (...next) => {
      events = next;
      incarnation += 1;
    },
  };
}

type Answer = (request: IncomingMessage) => readonly [status: number, body: string];

async function serve(answer: Answer): Promise<MetadataServer> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const [status, body] = answer(request);
    calls.push(`${request.method ?? ""} ${request.url ?? ""} ${status}`);
    response.writeHead(status, { "Content-Type": "text/plain" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    endpoint: `http://127.0.0.1:${port ?? 0}`,
    calls,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
