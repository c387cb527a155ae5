import { ClouderError } from "#core/error";

/** Where a store lies. Holds nothing secret, and its text form is safe to show. */
export type StoreLocation =
  | { readonly scheme: "file"; readonly folder: string }
  | { readonly scheme: "s3"; readonly bucket: string; readonly prefix: string }
  | {
      readonly scheme: "azblob";
      /** Absent (`az://container/prefix`): taken from the settings. */
      readonly account?: string;
      readonly container: string;
      readonly prefix: string;
    };

const forms =
  "s3://bucket/prefix, azblob://account/container/prefix, az://container/prefix, file:///dir";

/** Parses a store URL; `usage` names what is wrong with it. Prefixes end in a slash or are empty. */
export function parseLocation(url: string): StoreLocation {
  const match = /^([a-z][a-z0-9]*):\/\/([^/]*)(\/.*)?$/s.exec(url);
  if (!match) throw invalid(shown(url), "it is no URL");
  const [, scheme = "", authority = "", path = ""] = match;
  if (authority.includes("@")) throw invalid(shown(url), "credentials do not belong into it");
  if (/[?#]/.test(url)) throw invalid(shown(url), "it must have no query and no fragment");
  if (scheme === "file") return fileLocation(url, authority, path);
  const segments = path.split("/").filter((segment) => segment !== "");
  requireSegments(url, segments);
  switch (scheme) {
    case "s3":
      if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}$/.test(authority)) {
        throw invalid(url, "no such bucket name");
      }
      return { scheme, bucket: authority, prefix: prefixOf(segments) };
    case "az":
      requireContainer(url, authority);
      return { scheme: "azblob", container: authority, prefix: prefixOf(segments) };
    case "azblob":
      return azblobLocation(url, authority, segments);
    default:
      throw invalid(url, `unknown scheme "${scheme}"`);
  }
}

function azblobLocation(url: string, account: string, segments: readonly string[]): StoreLocation {
  const [container = "", ...rest] = segments;
  if (!/^[a-z0-9]{3,24}$/.test(account)) throw invalid(url, "no such account name");
  requireContainer(url, container);
  return { scheme: "azblob", account, container, prefix: prefixOf(rest) };
}

function prefixOf(segments: readonly string[]): string {
  return segments.map((segment) => `${segment}/`).join("");
}

/** The text form; `parseLocation(printLocation(x))` equals x. */
export function printLocation(location: StoreLocation): string {
  switch (location.scheme) {
    case "file":
      return `file://${location.folder}`;
    case "s3":
      return `s3://${location.bucket}/${location.prefix}`;
    case "azblob":
      return location.account === undefined
        ? `az://${location.container}/${location.prefix}`
        : `azblob://${location.account}/${location.container}/${location.prefix}`;
  }
}

function fileLocation(url: string, authority: string, path: string): StoreLocation {
  if (authority !== "") throw invalid(url, "a file URL has three slashes");
  const segments = path.split("/").filter((segment) => segment !== "");
  if (segments.length === 0) throw invalid(url, "it names no folder");
  requireSegments(url, segments);
  return { scheme: "file", folder: `/${segments.join("/")}` };
}

function requireContainer(url: string, container: string): void {
  if (!/^(?!.*--)[a-z0-9$][a-z0-9-]{1,61}[a-z0-9]$/.test(container)) {
    throw invalid(url, "no such container name");
  }
}

function requireSegments(url: string, segments: readonly string[]): void {
  if (segments.some((part) => part === "." || part === ".." || /[\x00-\x1f\x7f\\]/.test(part))) {
    throw invalid(shown(url), "no such path");
  }
}

/** Without anything that may be a secret. */
function shown(url: string): string {
  return url.replace(/:\/\/[^/]*@/, "://…@").replace(/[?#].*$/s, "?…");
}

function invalid(url: string, why: string): ClouderError {
  return new ClouderError("usage", `store URL "${url}": ${why}`, { hint: `use ${forms}` });
}
