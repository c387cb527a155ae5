import type { Answer } from "./answer.ts";

/** A service principal that can log in. */
export interface Principal {
  readonly client: string;
  readonly secret: string;
  /** Contributors may not give roles. */
  readonly role: "Owner" | "Contributor";
}

export const tenant = "11111111-1111-4111-8111-111111111111";

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token that names its owner; nothing but this fake takes it. */
function tokenOf({ client }: Principal, endpoint: string, now: number): string {
  const claims = {
    ...{ aud: endpoint, iss: `${endpoint}/${tenant}/`, tid: tenant, appid: client, oid: client },
    ...{ iat: Math.floor(now / 1000), exp: Math.floor(now / 1000) + 3600 },
  };
  return `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.${part({ fake: true })}`;
}

/** The principal behind an Authorization header. */
export function principalOf(
  header: string | undefined,
  principals: readonly Principal[],
): Principal | undefined {
  const [, claims = ""] = (header ?? "").split(".");
  const text = Buffer.from(claims, "base64url").toString();
  return principals.find(({ client }) => text.includes(`"appid":"${client}"`));
}

/** Microsoft Entra's endpoints, as far as a service principal's login needs them. */
export function login(
  path: string,
  form: URLSearchParams,
  endpoint: string,
  principals: readonly Principal[],
): Answer | undefined {
  const [, name = "", ...rest] = path.split("/");
  const what = rest.join("/");
  if (what === "v2.0/.well-known/openid-configuration") return json(200, metadata(endpoint, name));
  if (!/^oauth2\/(v2\.0\/)?token$/.test(what)) return undefined;
  if (name !== tenant) {
    return failed(400, "invalid_request", `AADSTS90002: Tenant '${name}' not found.`);
  }
  const found = principals.find(({ client }) => client === form.get("client_id"));
  if (!found) {
    return failed(
      400,
      "unauthorized_client",
      `AADSTS700016: Application with identifier '${form.get("client_id") ?? ""}' was not found in the directory.`,
    );
  }
  if (
    form.get("grant_type") !== "client_credentials" ||
    found.secret !== form.get("client_secret")
  ) {
    return failed(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.");
  }
  return json(200, {
    ...{ token_type: "Bearer", expires_in: 3599, ext_expires_in: 3599 },
    access_token: tokenOf(found, endpoint, Date.now()),
  });
}

function metadata(endpoint: string, name: string) {
  const base = `${endpoint}/${name}`;
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    issuer: `${base}/v2.0`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_types_supported: ["code", "id_token"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
  };
}

const json = (status: number, body: unknown): Answer => ({ status, headers: {}, body });
const failed = (status: number, error: string, error_description: string): Answer =>
  json(status, { error, error_description, error_codes: [], timestamp: "", trace_id: "" });
