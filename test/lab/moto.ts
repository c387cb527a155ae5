import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensurePart, type CachedPart } from "./cache.ts";
import { progressOf } from "./progress.ts";
import { makeVenv, venvRecipe } from "./python-venv.ts";
import { freePort, startServer, type ServerHandle } from "./server-process.ts";

/** moto's server with just what EC2, IAM, ELB, SSM, STS and Service Quotas need, all pinned. */
const packages = [
  ...["moto==5.2.5", "flask==3.1.3", "flask-cors==6.0.5", "werkzeug==3.1.9", "boto3==1.44.5"],
  ...["botocore==1.44.5", "s3transfer==0.19.3", "jmespath==1.1.0", "python-dateutil==2.9.0.post0"],
  ...["six==1.17.0", "urllib3==2.8.0", "cryptography==50.0.2", "cffi==2.1.1", "pycparser==3.12"],
  ...["requests==2.34.2", "charset-normalizer==3.5.2", "idna==3.20", "certifi==2026.10.18"],
  ...["xmltodict==1.0.4", "responses==0.26.3", "pyyaml==6.0.3", "jinja2==3.1.6"],
  ...["markupsafe==3.0.4", "blinker==1.9.0", "click==8.5.1", "itsdangerous==2.2.0"],
] as const;

const moto: CachedPart = {
  name: "moto",
  title: "moto 5.2.5",
  expected: "about 1 minute",
  inputs: packages,
  recipe: [import.meta.filename, venvRecipe],
  build: (folder) => makeVenv(folder, packages),
};

const program = join(import.meta.dirname, "moto-server.py");

export interface MotoOptions {
  /** For the file of images. */
  readonly folder: string;
  /** Images that exist, the way moto's own list has them. */
  readonly images: readonly Readonly<Record<string, unknown>>[];
  readonly say?: (line: string) => void;
}

/** Starts moto, a server that behaves like AWS in memory, on loopback. */
export async function startMoto(options: MotoOptions): Promise<ServerHandle> {
  const place = await ensurePart(moto, progressOf(1, options.say ?? (() => undefined)));
  const host = "127.0.0.1";
  const port = await freePort(host);
  const imagesFile = join(options.folder, "images.json");
  await writeFile(imagesFile, JSON.stringify(options.images));
  return await startServer({
    argv: [join(place, "bin", "python"), program, "-H", host, "-p", String(port)],
    environment: {
      MOTO_IAM_LOAD_MANAGED_POLICIES: "true",
      MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION: "true",
      MOTO_ENABLE_KEYPAIR_VALIDATION: "true",
      MOTO_AMIS_PATH: imagesFile,
      // Its own credentials, which it never checks.
      AWS_ACCESS_KEY_ID: "testing",
      AWS_SECRET_ACCESS_KEY: "testing",
    },
    endpoint: `http://${host}:${port}`,
  });
}
