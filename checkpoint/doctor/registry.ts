import type { CheckGroup } from "#checkpoint/doctor/check";
import { agents } from "#checkpoint/doctor/checks/agents";
import { apiServer } from "#checkpoint/doctor/checks/api-server";
import { criu } from "#checkpoint/doctor/checks/criu";
import { installedKinds } from "#checkpoint/doctor/checks/installed-kinds";
import { kubelet } from "#checkpoint/doctor/checks/kubelet";
import { programs } from "#checkpoint/doctor/checks/programs";
import { rights } from "#checkpoint/doctor/checks/rights";
import { runtime } from "#checkpoint/doctor/checks/runtime";
import { space } from "#checkpoint/doctor/checks/space";
import { stores } from "#checkpoint/doctor/checks/stores";

/** In the order of the answer: what all else depends on comes first. */
export const checkGroups: readonly CheckGroup[] = [
  apiServer,
  installedKinds,
  programs,
  rights,
  agents,
  kubelet,
  criu,
  runtime,
  space,
  stores,
];
