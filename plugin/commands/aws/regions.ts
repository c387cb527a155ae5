import { command } from "#plugin/cli/command";
import { awsRegionList } from "#plugin/output/aws";

export default command({
  summary: "List the AWS regions, with endpoint and whether the account has switched them on",
  examples: ["aws regions", "aws regions -o json"],
  run: async (_input, context) => {
    const { awsRegions } = await import("#bootstrap/providers/aws/account");
    return awsRegionList(await awsRegions(context));
  },
});
