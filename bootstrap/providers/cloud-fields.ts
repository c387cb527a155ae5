import { hostField } from "#bootstrap/providers/ssh/settings";
import { listField, textField, truthField, type Pattern } from "#bootstrap/spec/field";

/** A pattern that is told by an example. */
export const like = (pattern: RegExp, example: string): Pattern => ({
  ...{ pattern, example, named: `must look like ${example}` },
});

export const networkPattern = like(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, "10.0.0.0/16");

/** Settings that every cloud has. */
export const cloudFields = {
  private: truthField({
    description: "Machines without public addresses, behind NAT.",
    default: false,
  }),
  jumpHost: hostField("A machine through which private ones are reached, user@address[:port]."),
  spot: truthField({
    description: "Workers that may be taken away, for less money.",
    default: false,
  }),
  allowCIDRs: listField(
    { description: "Who may reach SSH and the API server; left out: this machine's address." },
    textField({ description: "A network." }, like(/^[0-9./]+$/, "203.0.113.7/32")),
  ),
  ingress: truthField({
    description: "Open 80, 443 and NodePorts to allowCIDRs.",
    default: false,
  }),
};
