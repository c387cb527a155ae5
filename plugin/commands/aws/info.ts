import { command } from "#plugin/cli/command";
import { awsAccountShown } from "#plugin/output/aws";

export default command({
  summary: "Show whose AWS credentials are in use",
  description:
    "Credentials come from where the AWS tools take them: AWS_ACCESS_KEY_ID and " +
    "AWS_SECRET_ACCESS_KEY, AWS_PROFILE, `aws configure`, `aws sso login`.",
  examples: ["aws info", "aws info -o json"],
  run: async (_input, context) => {
    const { awsAccount } = await import("#bootstrap/providers/aws/account");
    return awsAccountShown(await awsAccount(context));
  },
});
