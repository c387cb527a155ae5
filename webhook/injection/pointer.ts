/** RFC 6901: `~` first, or the `~1` of a slash would become `~01`. */
export function escapeSegment(key: string): string {
  return key.includes("~") || key.includes("/")
    ? key.replaceAll("~", "~0").replaceAll("/", "~1")
    : key;
}
