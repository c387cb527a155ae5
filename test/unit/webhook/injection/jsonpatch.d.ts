declare module "jsonpatch" {
  /** Returns the patched document; the given one stays as it was. Throws when the patch is wrong. */
  export function apply_patch(document: unknown, patch: readonly object[]): unknown;
}
