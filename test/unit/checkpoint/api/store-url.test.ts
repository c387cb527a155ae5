import { describe, expect, it } from "vitest";
import {
  credentialsPattern,
  doubleHyphenPattern,
  relativeSegmentPattern,
  storeUrlPattern,
} from "#checkpoint/api/store-url";
import { parseLocation } from "#checkpoint/stores/location";

const good = [
  "s3://bucket",
  "s3://bucket/checkpoints/",
  "s3://bucket/...x",
  "s3://bucket/a@b",
  "az://box/checkpoints/",
  "azblob://account/box",
  "azblob://account//box/p",
  "file:///var/lib/clouder",
  "file:////x/y",
];
const bad = [
  "s3://b",
  "s3://bucket/a/../b",
  "s3://bucket/..",
  "s3://bucket/./a",
  "s3://key:secret@bucket/x",
  "s3://bucket?x",
  "s3://bucket/a\\b",
  "az://a--b/p",
  "az://Box",
  "azblob://account",
  "azblob://account/bo--x",
  "azblob://Account/box",
  "file://host/x",
  "file:///",
  "file:///../x",
  "ftp://x/y",
  "nothing",
];

/** What the rules of the CRD say, with JavaScript's regular expressions instead of RE2's. */
function admits(url: string): boolean {
  const has = (pattern: string) => new RegExp(pattern).test(url);
  return (
    has(storeUrlPattern) &&
    ![credentialsPattern, doubleHyphenPattern, relativeSegmentPattern].some(has) &&
    !/[?#]/.test(url)
  );
}

function parses(url: string): boolean {
  try {
    parseLocation(url);
    return true;
  } catch {
    return false;
  }
}

describe("K2 K3 a store's URL", () => {
  it.each(good)("%s is taken by the CRD and by the program", (url) => {
    expect([admits(url), parses(url)]).toEqual([true, true]);
  });
  it.each(bad)("%s is refused by the CRD and by the program", (url) => {
    expect([admits(url), parses(url)]).toEqual([false, false]);
  });
});
