import type { AwsAccount, AwsMachine, AwsRegion } from "#bootstrap/providers/aws/account";
import { table, type Result } from "#plugin/output/result";

/** `aws info`. */
export function awsAccountShown(account: AwsAccount): Result {
  return {
    object: account,
    names: [`account/${account.account}`],
    text: [
      `account:  ${account.account}`,
      `arn:      ${account.arn}`,
      `user id:  ${account.userId}`,
      `region:   ${account.region}`,
      ...(account.expires === undefined ? [] : [`expires:  ${account.expires}`]),
    ].join("\n"),
  };
}

/** `aws regions`. */
export function awsRegionList(regions: readonly AwsRegion[]): Result {
  return {
    object: regions,
    names: regions.map(({ name }) => `region/${name}`),
    table: table(regions, [
      { title: "NAME", value: ({ name }) => name },
      { title: "ENDPOINT", value: ({ endpoint }) => endpoint },
      { title: "OPT-IN", value: ({ optIn }) => optIn },
    ]),
  };
}

/** `aws vm-ls`. */
export function awsMachineList(machines: readonly AwsMachine[]): Result {
  return {
    object: machines,
    names: machines.map(({ id }) => `instance/${id}`),
    table: table(
      machines,
      [
        { title: "ID", value: ({ id }) => id },
        { title: "NAME", value: ({ name }) => name },
        { title: "CLUSTER", value: ({ cluster }) => cluster },
        { title: "SIZE", value: ({ size }) => size },
        { title: "STATE", value: ({ state }) => state },
        { title: "ZONE", value: ({ zone }) => zone },
        { title: "PRIVATE", value: ({ privateAddress }) => privateAddress },
        { title: "PUBLIC", value: ({ publicAddress }) => publicAddress },
      ],
      "no machines in this region",
    ),
  };
}
