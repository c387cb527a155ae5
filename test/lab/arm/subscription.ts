import { ok, type Answer, type Request } from "./answer.ts";
import { images, locations, skus, type Sku } from "./catalog.ts";
import type { Cloud, Properties, Stored } from "./cloud.ts";
import type { Principal } from "./login.ts";
import { following, listOf, shown } from "./resources.ts";
import { Refusal } from "./refusal.ts";
import { groupShape, roleAssignmentShape } from "./shapes-compute.ts";
import { checkShape } from "./shape.ts";
import { tenant } from "./login.ts";

/** What tests set about the subscription itself. */
export interface Settings {
  state: "Enabled" | "Disabled";
  /** By the name of a quota: limit, and what others use of it. */
  quotas: Record<string, readonly [number, number]>;
  /** Namespaces that were never used here. */
  unregistered: Set<string>;
  /** New identities are unknown to so many role assignments. */
  lateIdentities: number;
}

type Route = readonly [
  method: string,
  path: RegExp,
  answer: (found: readonly string[], request: Request) => Answer,
];

/** Calls about the subscription, its regions, groups, offers and roles. */
export function subscriptionRoutes(
  cloud: Cloud,
  settings: Settings,
  caller: (request: Request) => Principal,
): readonly Route[] {
  const own = `/subscriptions/${cloud.subscription}`;
  const account = () => ({
    ...{ id: own, subscriptionId: cloud.subscription, tenantId: tenant, displayName: "Lab" },
    ...{ state: settings.state, authorizationSource: "RoleBased", managedByTenants: [] },
    subscriptionPolicies: { locationPlacementId: "Public_2014-09-01", spendingLimit: "Off" },
  });
  const late = new Map<string, number>();
  const groups = () => [...cloud.things.values()].filter(({ type }) => type === "");
  const group = (one: Stored) => ({
    ...{ id: one.id, name: one.name, type: "Microsoft.Resources/resourceGroups" },
    ...{ location: one.location, tags: one.tags, properties: one.properties },
  });
  const findGroup = (name: string): Stored => {
    const found = cloud.find(`${own}/resourceGroups/${name}`);
    if (found) return found;
    throw new Refusal(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);
  };
  const checkSubscription = (id: string) => {
    if (id.toLowerCase() === cloud.subscription) return;
    throw new Refusal(404, "SubscriptionNotFound", `The subscription '${id}' could not be found.`);
  };

  const routes: readonly Route[] = [
    ["GET", /^\/subscriptions$/, () => ok({ value: [account()] })],
    ["GET", /^\/tenants$/, () => ok({ value: [{ id: `/tenants/${tenant}`, tenantId: tenant }] })],
    [
      "GET",
      /^\/subscriptions\/([^/]+)$/,
      ([id = ""]) => {
        checkSubscription(id);
        return ok(account());
      },
    ],
    [
      "GET",
      /^\/subscriptions\/[^/]+\/locations$/,
      () =>
        ok({
          value: locations.map(([name, displayName, zones]) => ({
            ...{ id: `${own}/locations/${name}`, name, displayName, type: "Region" },
            metadata: { regionType: "Physical", geographyGroup: "Lab" },
            availabilityZoneMappings: zones.map((logicalZone) => ({ logicalZone })),
          })),
        }),
    ],
    [
      "GET",
      /^\/subscriptions\/[^/]+\/providers\/(Microsoft\.\w+)$/i,
      ([namespace = ""]) =>
        ok({
          namespace,
          registrationState: settings.unregistered.has(namespace) ? "NotRegistered" : "Registered",
        }),
    ],
    [
      "POST",
      /^\/subscriptions\/[^/]+\/providers\/(Microsoft\.\w+)\/register$/i,
      ([namespace = ""]) => {
        settings.unregistered.delete(namespace);
        return ok({ namespace, registrationState: "Registering" });
      },
    ],
    [
      "GET",
      /\/providers\/Microsoft\.Compute\/skus$/i,
      (_found, { query }) => {
        const region = /location eq '(\w+)'/i.exec(query.get("$filter") ?? "")?.[1];
        return ok({
          value: skus
            .filter(({ locations: places }) => region === undefined || places.includes(region))
            .map((one) => skuShown(one, region ?? "eastus")),
        });
      },
    ],
    [
      "GET",
      /\/providers\/(Microsoft\.\w+)\/locations\/\w+\/usages$/i,
      ([namespace = ""]) =>
        ok({
          value: Object.entries(settings.quotas)
            .filter(([name]) => name.includes("Public") === (namespace === "Microsoft.Network"))
            .map(([value, [limit, currentValue]]) => ({
              ...{ unit: "Count", limit, currentValue, name: { value, localizedValue: value } },
            })),
        }),
    ],
    [
      "GET",
      /\/locations\/(\w+)\/publishers\/([^/]+)\/artifacttypes\/vmimage\/offers\/([^/]+)\/skus\/([^/]+)\/versions$/i,
      ([region = "", publisher, offer, sku]) => {
        const found = images.find(
          (one) => one.publisher === publisher && one.offer === offer && one.sku === sku,
        );
        if (!found) throw new Refusal(404, "NotFound", "Artifact: VMImage was not found.");
        return {
          status: 200,
          headers: {},
          body: found.versions.map((name) => ({ location: region, name, id: `${own}/x/${name}` })),
        };
      },
    ],
    [
      "GET",
      /\/providers\/Microsoft\.Authorization\/permissions$/i,
      (_found, request) => {
        const owner = caller(request).role === "Owner";
        const notActions = owner
          ? []
          : ["Microsoft.Authorization/*/Write", "Microsoft.Authorization/*/Delete"];
        return ok({ value: [{ actions: ["*"], notActions, dataActions: [], notDataActions: [] }] });
      },
    ],
    [
      "GET",
      /^\/subscriptions\/[^/]+\/resourceGroups$/i,
      (_found, { query }) => {
        const fits = tagFilter(query);
        return ok({ value: groups().filter(fits).map(group) });
      },
    ],
    [
      "GET",
      /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)$/i,
      ([name = ""]) => {
        cloud.advance(cloud.find(`${own}/resourceGroups/${name}`)?.operation);
        return ok(group(findGroup(name)));
      },
    ],
    [
      "HEAD",
      /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)$/i,
      ([name = ""]) => ({
        ...{ status: cloud.find(`${own}/resourceGroups/${name}`) ? 204 : 404, headers: {} },
      }),
    ],
    [
      "PUT",
      /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)$/i,
      ([name = ""], { path, body }) => {
        checkShape(groupShape, body);
        const { location, tags } = body as { location: string; tags?: Record<string, string> };
        const known = cloud.find(path);
        if (known && known.location !== location) {
          throw new Refusal(
            409,
            "InvalidResourceGroupLocation",
            `Invalid resource group location '${location}'. The Resource group already exists in location '${known.location ?? ""}'.`,
          );
        }
        const made: Stored = {
          ...{ id: path, name, type: "", etag: "", location, extra: {} },
          ...(tags && { tags }),
          properties: { provisioningState: "Succeeded" },
        };
        cloud.things.set(path.toLowerCase(), made);
        return { status: known ? 200 : 201, headers: {}, body: group(made) };
      },
    ],
    [
      "DELETE",
      /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)$/i,
      ([name = ""], request) => {
        const found = findGroup(name);
        const operation = cloud.begin(found, "delete", () => {
          for (const id of cloud.things.keys()) {
            if (id === found.id.toLowerCase() || id.startsWith(`${found.id.toLowerCase()}/`))
              cloud.things.delete(id);
          }
        });
        return { status: 202, headers: following(request, operation) };
      },
    ],
    [
      "GET",
      /^(?:\/subscriptions\/[^/]+)(?:\/resourceGroups\/([^/]+))?\/resources$/i,
      (_found, { path, query }) => {
        const below = path.replace(/\/resources$/i, "/").toLowerCase();
        const fits = tagFilter(query);
        return ok({
          value: [...cloud.things.values()]
            .filter(({ type, id }) => type !== "" && id.toLowerCase().startsWith(below))
            .filter(fits)
            .map((one) => ({ ...shown(cloud, one), properties: undefined })),
        });
      },
    ],
    [
      "GET",
      /^\/subscriptions\/[^/]+\/providers\/(Microsoft\.\w+\/\w+)$/i,
      ([type = ""]) => ok({ value: listOf(cloud, type) }),
    ],
    [
      "PUT",
      /^(.+)\/providers\/Microsoft\.Authorization\/roleAssignments\/([^/]+)$/i,
      ([scope = "", name = ""], request) => {
        checkShape(roleAssignmentShape, request.body);
        if (caller(request).role !== "Owner") {
          throw new Refusal(
            403,
            "AuthorizationFailed",
            `The client '${caller(request).client}' does not have authorization to perform action 'Microsoft.Authorization/roleAssignments/write' over scope '${scope}'.`,
          );
        }
        const { properties } = request.body as { properties: Properties };
        checkPrincipal(cloud, late, settings.lateIdentities, String(properties["principalId"]));
        const id = request.path;
        const same = [...cloud.things.values()].find(
          (one) =>
            one.type === "Microsoft.Authorization/roleAssignments" &&
            one.id !== id &&
            one.properties["principalId"] === properties["principalId"] &&
            one.properties["roleDefinitionId"] === properties["roleDefinitionId"],
        );
        if (same)
          throw new Refusal(409, "RoleAssignmentExists", "The role assignment already exists.");
        const known = cloud.find(id);
        const made: Stored = {
          ...{ id, name, type: "Microsoft.Authorization/roleAssignments", etag: "", extra: {} },
          properties: { ...properties, scope },
        };
        cloud.things.set(id.toLowerCase(), made);
        return { status: known ? 200 : 201, headers: {}, body: shown(cloud, made) };
      },
    ],
    [
      "GET",
      /^.+\/providers\/Microsoft\.Authorization\/roleAssignments\/[^/]+$/i,
      (_found, { path }) => {
        const found = cloud.find(path);
        if (!found)
          throw new Refusal(404, "RoleAssignmentNotFound", "The role assignment is not found.");
        return ok(shown(cloud, found));
      },
    ],
    [
      "DELETE",
      /^.+\/providers\/Microsoft\.Authorization\/roleAssignments\/[^/]+$/i,
      (_found, { path }) => ({
        ...{ status: cloud.things.delete(path.toLowerCase()) ? 200 : 204, headers: {} },
      }),
    ],
  ];
  return routes;
}

/** What `$filter` asks of tags. */
function tagFilter(query: URLSearchParams): (one: Stored) => boolean {
  const [, key, wanted] =
    /tagName eq '([^']+)' and tagValue eq '([^']+)'/i.exec(query.get("$filter") ?? "") ?? [];
  return ({ tags }) => key === undefined || tags?.[key] === wanted;
}

/** A directory learns late of an identity that was just made. */
function checkPrincipal(cloud: Cloud, late: Map<string, number>, looks: number, id: string): void {
  const known = [...cloud.things.values()].some(
    ({ properties }) => properties["principalId"] === id && properties["clientId"] !== undefined,
  );
  const seen = (late.get(id) ?? 0) + 1;
  late.set(id, seen);
  if (!known || seen <= looks) {
    throw new Refusal(
      400,
      "PrincipalNotFound",
      `Principal ${id} does not exist in the directory ${tenant}.`,
    );
  }
}

const zoneless = (region: string): boolean =>
  locations.some(([name, , zones]) => name === region && zones.length === 0);

function skuShown(one: Sku, region: string) {
  const { name, family, zones, vcpus, memory, gpus, restrictions = [] } = one;
  const capability = (key: string, value: unknown) => ({ name: key, value: String(value) });
  return {
    ...{ resourceType: "virtualMachines", name, family, size: name.replace("Standard_", "") },
    ...{ tier: "Standard", locations: [region] },
    locationInfo: [{ location: region, zones: zoneless(region) ? [] : zones, zoneDetails: [] }],
    capabilities: [
      capability("vCPUs", vcpus),
      capability("MemoryGB", memory),
      capability("CpuArchitectureType", one.architecture ?? "x64"),
      capability("HyperVGenerations", one.generations ?? "V1,V2"),
      capability("LowPriorityCapable", one.spot === true ? "True" : "False"),
      ...(gpus === undefined ? [] : [capability("GPUs", gpus)]),
      ...(one.architecture === "Arm64" ? [capability("TrustedLaunchDisabled", "True")] : []),
    ],
    restrictions: restrictions.map(({ type, zones: without = [] }) => ({
      ...{ type, values: [region], reasonCode: "NotAvailableForSubscription" },
      restrictionInfo: { locations: [region], zones: without },
    })),
  };
}
