import { images } from "./image-table.ts";
import { cloudFields, like, networkPattern } from "#bootstrap/providers/cloud-fields";
import { choiceField, listField, numberField, objectField, textField } from "#bootstrap/spec/field";

const size = like(/^[a-z0-9-]+\.[a-z0-9-]+$/, "t3.large");
const zone = like(/^[a-z]{2}(-[a-z0-9]+)+$/, "us-east-1a");
const subnet = like(/^subnet-[0-9a-f]+$/, "subnet-0123456789abcdef0");

/** `spec.provider.settings` of the aws provider. */
export const awsSettingFields = objectField(
  { description: "Machines of Amazon EC2." },
  {
    region: textField(
      { description: "Region; left out: that of the environment or the profile." },
      like(/^[a-z]{2}(-[a-z]+)+-\d+$/, "us-east-1"),
    ),
    account: textField(
      { description: "Refuses credentials of any other account." },
      like(/^\d{12}$/, "123456789012"),
    ),
    controlPlaneSize: textField(
      { description: "Instance type of control planes.", default: "t3.large" },
      size,
    ),
    workerSize: textField(
      { description: "Instance type of workers; left out: that of control planes." },
      size,
    ),
    image: choiceField(
      { description: "System of the machines.", default: "Ubuntu2204" },
      Object.keys(images),
    ),
    ami: textField(
      { description: "An image of yours instead, with user." },
      like(/^ami-[0-9a-f]+$/, "ami-0123456789abcdef0"),
    ),
    user: textField(
      { description: "Account that the image lets in." },
      like(/^[a-z_][a-z0-9_-]*$/, "ubuntu"),
    ),
    key: textField({
      description: "Private key file, its .pub beside it; left out: a new key for the cluster.",
      example: "~/.ssh/id_ed25519",
    }),
    keyPair: textField(
      { description: "A key pair of EC2 by name, with key." },
      like(/^\S.{0,254}$/, "my-key"),
    ),
    osDiskSize: numberField({
      ...{ description: "GB of each machine's disk.", default: 100, least: 30, most: 16_384 },
    }),
    vpc: textField(
      { description: "A VPC that is there, with subnets." },
      like(/^vpc-[0-9a-f]+$/, "vpc-0123456789abcdef0"),
    ),
    subnets: listField(
      { description: "Subnets of that VPC in two zones." },
      textField({ description: "Id of a subnet." }, subnet),
    ),
    vpcCIDR: textField(
      { description: "Network of the machines.", default: "10.0.0.0/16" },
      networkPattern,
    ),
    zones: listField(
      { description: "Zones to use; left out: those that offer the sizes." },
      textField({ description: "A zone." }, zone),
    ),
    ...cloudFields,
  },
);
