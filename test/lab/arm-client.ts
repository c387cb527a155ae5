import { request } from "node:https";
import { owner, tenant, type Arm } from "#test/lab/arm/arm";

/** Makes things as their users do, past the product. */
export interface ArmClient {
  /** Makes a thing and waits until it is ready; gives its id. */
  readonly put: (path: string, body: object) => Promise<string>;
}

interface Thing {
  readonly id: string;
  readonly properties?: { readonly provisioningState?: string };
}

/** Logged in as the owner of the subscription. */
export async function openArmClient(arm: Arm): Promise<ArmClient> {
  const form = new URLSearchParams({
    ...{ grant_type: "client_credentials", client_id: owner.client, client_secret: owner.secret },
  });
  const login = await ask(arm, "POST", `/${tenant}/oauth2/v2.0/token`, { text: form.toString() });
  const { access_token: token } = JSON.parse(login) as { readonly access_token: string };
  const call = async (method: "PUT" | "GET", path: string, body?: object) => {
    const text = body === undefined ? "" : JSON.stringify(body);
    return JSON.parse(await ask(arm, method, path, { text, token })) as Thing;
  };
  return {
    put: async (path, body) => {
      let thing = await call("PUT", path, body);
      // The fake moves on at every look.
      while (!["Succeeded", undefined].includes(thing.properties?.provisioningState)) {
        thing = await call("GET", path);
      }
      return thing.id;
    },
  };
}

function ask(
  { endpoint, certificate }: Arm,
  method: string,
  path: string,
  { text, token = "" }: { readonly text: string; readonly token?: string },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const url = new URL(path, endpoint);
    url.searchParams.set("api-version", "2021-04-01");
    const headers = { authorization: `Bearer ${token}` };
    const asked = request(url, { method, ca: certificate, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.once("end", () => {
        const said = Buffer.concat(chunks).toString();
        if ((answer.statusCode ?? 500) < 300) resolve(said);
        else reject(new Error(`${method} ${path}: ${said}`));
      });
    });
    asked.once("error", reject);
    asked.end(text);
  });
}
