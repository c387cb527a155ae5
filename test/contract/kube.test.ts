import { createFakeKube } from "#test/fakes/kube";
import { describeKube } from "#test/contract/kube";

describeKube("in memory", () => Promise.resolve(createFakeKube()));
