import type { CreateClusterRequest } from "#bootstrap/create-cluster";
import { homeOf } from "#plugin/cli/clusters";
import { withContextDefaults } from "#plugin/cli/context-defaults";
import { flagsOf } from "#plugin/cli/cluster-flags";
import type { CommandContext } from "#plugin/cli/command";
import { string } from "#plugin/cli/flags";
import { readDocument } from "#plugin/cli/read-document";

/** The document that flags are laid over. */
export const documentFlag = {
  filename: string({ char: "f", description: "file of a Cluster document; - for standard input" }),
};

/** What create, plan and apply are asked for, by name, flags and document. */
export async function clusterRequest(
  flags: Parameters<typeof flagsOf>[0] & { readonly filename: string | undefined },
  name: string | undefined,
  context: CommandContext,
): Promise<CreateClusterRequest> {
  const { filename } = flags;
  const document = filename === undefined ? undefined : await readDocument(filename);
  const file = filename === "-" ? "standard input" : filename;
  const request = { home: homeOf(context), document, file, ...flagsOf(flags, name) };
  if (document !== undefined) return request;
  return { ...request, flags: await withContextDefaults(request.flags, context) };
}
