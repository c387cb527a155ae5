/**
 * What a store's URL may look like, for the CRD and the program alike. Written for RE2, which the API
 * server uses: no look-ahead.
 */

const path = "(/[^?#\\\\\\x00-\\x1f\\x7f]*)?";
const container = "[a-z0-9$][a-z0-9-]{1,61}[a-z0-9]";

/** By scheme; `az` names no account, the store's settings do. */
export const storeUrlForms = {
  s3: `s3://[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}${path}`,
  az: `az://${container}${path}`,
  azblob: `azblob://[a-z0-9]{3,24}/+${container}${path}`,
  file: "file:///+[^/?#\\\\\\x00-\\x1f\\x7f][^?#\\\\\\x00-\\x1f\\x7f]*",
} as const;

/** The whole URL. */
export const storeUrlPattern = `^(${Object.values(storeUrlForms).join("|")})$`;
/** A segment that is `.` or `..`, anywhere after the authority. */
export const relativeSegmentPattern = "[^/]/+\\.\\.?(/|$)";
/** Azure takes no two hyphens in a row in a container's name. */
export const doubleHyphenPattern = "^(az://|azblob://[^/]*/+)[^/]*--";
/** A user or password before the host. */
export const credentialsPattern = "^[a-z0-9]+://[^/]*@";
