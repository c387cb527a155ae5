import { join } from "node:path";
import { applyAddon } from "#bootstrap/addons/apply-addon";
import { openHelm } from "#bootstrap/addons/helm/helm";
import { addonInput, refuseUnready } from "#bootstrap/addons/input";
import { wantedAddons } from "#bootstrap/addons/wanted";
import type { Step } from "#bootstrap/steps/step";
import { connectKube } from "#kube/connect";

/** As `addon enable` gives them. */
const timeoutMs = 300_000;

/** The add-ons of the document, one after another: later ones may stand on earlier ones. */
export const addons: Step = {
  id: "addons",
  title: "apply the add-ons",
  scope: "cluster",
  needs: ["kubeconfig"],
  gives: [],
  after: ["kubeconfig", "mark-nodes", "serving-certificates", "cloud-nodes"],
  preview: ({ spec }) => {
    const lines = wantedAddons(spec).map(
      ({ release, chart, namespace }) =>
        `helm upgrade --install ${release}: chart ${chart.name} ${chart.version} in ${namespace}`,
    );
    return lines.length === 0 ? ["no add-ons are wanted"] : lines;
  },
  run: async (context) => {
    const wanted = wantedAddons(context.spec);
    if (wanted.length === 0) return { skipped: "none are wanted" };
    const { folder } = context;
    const kube = await connectKube({
      ...{ kubeconfig: join(folder, "kubeconfig"), requestTimeoutMs: 30_000 },
    });
    const place = {
      ...{ kube, folder, report: context.report, clock: context.clock, signal: context.signal },
      helm: () => openHelm(context),
      packages: () => Promise.resolve(context.packages),
    };
    const input = await addonInput(wanted, context);
    for (const one of wanted) refuseUnready(input, one);
    const changes: boolean[] = [];
    for (const [index, one] of wanted.entries()) {
      changes.push(await applyAddon(one, input, place, timeoutMs));
      const progress = { done: index + 1, total: wanted.length, unit: "items" } as const;
      context.report({ type: "step-progress", step: "addons", ...progress });
    }
    return changes.includes(true) ? {} : { skipped: "all are there" };
  },
};
