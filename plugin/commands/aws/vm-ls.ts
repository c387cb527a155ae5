import { command } from "#plugin/cli/command";
import { string } from "#plugin/cli/flags";
import { awsMachineList } from "#plugin/output/aws";

export default command({
  summary: "List the EC2 machines of a region, whoever made them",
  examples: ["aws vm-ls --region us-east-1", "aws vm-ls -o json"],
  flags: {
    region: string({ char: "r", description: "region [default: AWS_REGION, then the profile's]" }),
  },
  run: async ({ flags: { region } }, context) => {
    const { awsMachines } = await import("#bootstrap/providers/aws/account");
    return awsMachineList(await awsMachines(context, region));
  },
});
