import { string as argument } from "@oclif/core/args";
import { checked, isLabel, isObjectName } from "#plugin/cli/checks";
import { string } from "#plugin/cli/flags";

/** A required argument that names an object: a pod, a checkpoint, a store. */
export const nameArgument = (description: string) =>
  checked(argument({ description, required: true }), isObjectName);

/** The same for several. */
export const nameArguments = (description: string) =>
  checked(argument({ description, required: true, multiple: true }), isObjectName);

/** A flag that names an object. */
export const nameFlag = (description: string) => checked(string({ description }), isObjectName);

/** A flag that names a namespace. */
export const namespaceFlag = (description: string) => checked(string({ description }), isLabel);

/** -c, repeatable. */
export const containersFlag = (description: string) =>
  checked(string({ char: "c", description, multiple: true }), isLabel);
