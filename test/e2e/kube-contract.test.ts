import { connectKube } from "#kube/connect";
import { describeKube } from "#test/contract/kube";
import { lab } from "#test/e2e/scenario";

describeKube("a real API server", () => connectKube({ kubeconfig: lab().kubeconfig }));
