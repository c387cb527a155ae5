import type { Container, PodSpec } from "#kube/objects";
import type { ContainerRecord, Manifest } from "#checkpoint/archive/manifest";
import type { PodTemplate } from "#checkpoint/api/types";

const digestForm = /^(.+)@(sha256:[0-9a-f]{64})$/;
const idForm = /^(?:.*\/\/)?(sha256:[0-9a-f]{64})$/;

/**
 * The recorded pod with every checkpointed container's image named by the digest that ran, where the
 * runtime knew one for this very repository: a tag may mean something else by now. Images that were
 * loaded by hand have none and keep their name; see `isOtherImage`.
 */
export function pinImages({ template, containers }: Manifest): PodTemplate {
  const spec = template.spec as unknown as PodSpec;
  const pin = (list: readonly Container[]) =>
    list.map((container) => {
      const record = containers.find(({ name }) => name === container.name);
      const pinned = record && pinnedName(record);
      return pinned === undefined ? container : { ...container, image: pinned };
    });
  const pinnedSpec = {
    ...spec,
    containers: pin(spec.containers),
    ...(spec.initContainers === undefined ? {} : { initContainers: pin(spec.initContainers) }),
  };
  return { ...template, spec: pinnedSpec };
}

/** `repository@sha256:…` of the image that ran; undefined where only its name is known. */
export function pinnedName({ image, imageID }: Pick<ContainerRecord, "image" | "imageID">) {
  if (image.includes("@")) return image;
  const [, repository = "", digest = ""] = digestForm.exec(imageID.replace(/^.*:\/\//, "")) ?? [];
  const own = withoutTag(image);
  // The runtime names any repository it had the content from; another one may be out of reach.
  return digest !== "" && fullName(repository) === fullName(own) ? `${own}@${digest}` : undefined;
}

/** What the restored containers must run: ids of images that have no digest to be named by. */
export function imagesByID(containers: readonly ContainerRecord[]): Record<string, string> {
  const unpinned = containers.filter((record) => pinnedName(record) === undefined);
  return Object.fromEntries(
    unpinned.flatMap(({ name, imageID }) => {
      const id = idForm.exec(imageID)?.[1];
      return id === undefined ? [] : [[name, id]];
    }),
  );
}

/** Whether a container runs another image than was recorded, as far as both are told by id. */
export function isOtherImage(recorded: string | undefined, found: string | undefined): boolean {
  const id = idForm.exec(found ?? "")?.[1];
  return recorded !== undefined && id !== undefined && id !== recorded;
}

function withoutTag(image: string): string {
  const slash = image.lastIndexOf("/");
  const colon = image.lastIndexOf(":");
  return colon > slash ? image.slice(0, colon) : image;
}

/** As runtimes complete names: docker.io is left out, and library/ there. */
function fullName(repository: string): string {
  const [first = "", ...rest] = repository.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  if (!isHost) return `docker.io/${rest.length === 0 ? "library/" : ""}${repository}`;
  return repository.replace(/^index\.docker\.io\//, "docker.io/");
}
