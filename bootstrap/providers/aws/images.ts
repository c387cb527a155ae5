import { DescribeImagesCommand, type Image } from "@aws-sdk/client-ec2";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import { isGone } from "./aws-error.ts";
import { images, type Architecture } from "./image-table.ts";
import type { RecordBook } from "./record.ts";
import { look, type AwsSession } from "./session.ts";
import type { AwsSettings } from "./settings.ts";
import { ClouderError, hasCode } from "#core/error";

/** An image with what a machine needs to know of it. */
export interface MachineImage {
  readonly id: string;
  readonly rootDevice: string;
}

/** The image that was taken before for this architecture, else the newest; recorded and used again. */
export async function ensureImage(
  session: AwsSession,
  book: RecordBook,
  settings: AwsSettings,
  architecture: Architecture,
): Promise<MachineImage> {
  const recorded = settings.ami ?? book.current().images[architecture];
  const id = recorded ?? (await newestImage(session, settings.image, architecture));
  const image = await describeImage(session, id);
  if (image.Architecture !== undefined && image.Architecture !== architecture) {
    throw new ClouderError(
      "config",
      `${id} is an image for ${image.Architecture}, the machines are ${architecture}`,
      {
        hint: "choose an image and sizes of one architecture",
      },
    );
  }
  if (recorded === undefined) {
    await book.change((record) => ({ images: { ...record.images, [architecture]: id } }));
  }
  return { id, rootDevice: image.RootDeviceName ?? "/dev/sda1" };
}

/** The newest image: by the publisher's parameter, else by its name. */
export async function newestImage(
  session: AwsSession,
  name: string,
  architecture: Architecture,
): Promise<string> {
  const source = images[name];
  if (!source) throw new ClouderError("internal", `no image is called ${name}`);
  return (
    (await parameter(session, source.parameter(architecture))) ??
    (await byName(session, source.owner, source.pattern(architecture), source.title))
  );
}

async function parameter(session: AwsSession, path: string): Promise<string | undefined> {
  try {
    const { Parameter } = await look(session, `read ${path}`, () =>
      session.ssm.send(new GetParameterCommand({ Name: path })),
    );
    return Parameter?.Value;
  } catch (error) {
    // Not every partition has it, and not every identity may read it; the images' list has it, too.
    if (isGone(error) || hasCode(error, "denied")) return undefined;
    throw error;
  }
}

async function byName(
  session: AwsSession,
  owner: string,
  pattern: string,
  title: string,
): Promise<string> {
  const { Images = [] } = await look(session, `look for images of ${title}`, () =>
    session.ec2.send(
      new DescribeImagesCommand({
        Owners: [owner],
        Filters: [
          { Name: "name", Values: [pattern] },
          { Name: "state", Values: ["available"] },
        ],
      }),
    ),
  );
  const [newest] = Images.toSorted((one, other) => age(other) - age(one));
  if (newest?.ImageId === undefined) {
    throw new ClouderError("not-found", `${session.region} has no image of ${title}`, {
      hint: "name one with ami and user in the provider's settings",
    });
  }
  return newest.ImageId;
}

const age = ({ CreationDate }: Image): number => Date.parse(CreationDate ?? "") || 0;

async function describeImage(session: AwsSession, id: string): Promise<Image> {
  const missing = (cause?: unknown) =>
    new ClouderError("not-found", `there is no image ${id} in ${session.region}`, {
      hint: "images differ from region to region; leave ami out to get the newest",
      cause,
    });
  try {
    const { Images: [image] = [] } = await look(session, `look up ${id}`, () =>
      session.ec2.send(new DescribeImagesCommand({ ImageIds: [id] })),
    );
    if (!image) throw missing();
    return image;
  } catch (error) {
    if (isGone(error)) throw missing(error);
    throw error;
  }
}
