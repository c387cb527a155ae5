import type { AddonInput } from "#bootstrap/addons/addon";
import { azureFactsOf } from "#bootstrap/addons/cloud-input";
import { azureNfs, managedDisks, oneNodeOnly } from "#bootstrap/addons/objects/storage-classes";
import type { AddonName } from "#bootstrap/addons/table";
import { azureConfigSecret } from "#bootstrap/clouds/azure-config";
import { nameOf, resourceOf } from "#kube/install/kinds";
import type { Kube, KubeObject } from "#kube/kube";
import { hasCode } from "#core/error";

/** What charts do not make: classes and the cloud's settings, which several add-ons may share. */
const makers: Readonly<Partial<Record<AddonName, (input: AddonInput) => readonly KubeObject[]>>> = {
  "azuredisk-csi-driver": (input) => [
    ...azureSettings(input),
    managedDisks,
    ...oneNodeOnly("managed-csi"),
  ],
  "azurefile-csi-driver": (input) => [...azureSettings(input), azureNfs(input)],
  "aws-ebs-csi-driver": () => oneNodeOnly("gp3"),
};

const azureSettings = (input: AddonInput) => [azureConfigSecret(azureFactsOf(input)) as KubeObject];

/** The objects of an add-on of the table beside its chart's. */
export function addonObjects(name: string, input: AddonInput): readonly KubeObject[] {
  return makers[name as AddonName]?.(input) ?? [];
}

/** True when all of them are there; what people changed in them stays theirs. */
export async function objectsThere(kube: Kube, objects: readonly KubeObject[]): Promise<boolean> {
  const there = await Promise.all(objects.map((one) => isThere(kube, one)));
  return there.every(Boolean);
}

/** Makes those that are missing and gives them. */
export async function makeObjects(
  kube: Kube,
  objects: readonly KubeObject[],
): Promise<readonly KubeObject[]> {
  const made: KubeObject[] = [];
  for (const one of objects) {
    if (!(await isThere(kube, one))) made.push(one);
    await kube.apply(resourceOf(one), one, "kubectl-clouder");
  }
  return made;
}

/** Takes objects away, but for the cloud's settings, which others read. */
export async function removeObjects(kube: Kube, objects: readonly KubeObject[]): Promise<void> {
  for (const one of objects) {
    if (one.kind !== "Secret") await kube.remove(resourceOf(one), nameOf(one));
  }
}

async function isThere(kube: Kube, object: KubeObject): Promise<boolean> {
  try {
    await kube.get(resourceOf(object), nameOf(object));
    return true;
  } catch (error) {
    if (hasCode(error, "not-found")) return false;
    throw error;
  }
}
