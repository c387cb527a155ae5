import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { succeeds } from "#bootstrap/nodes/remote-file";
import { traces } from "#bootstrap/nodes/traces";

const place = "/var/lib/clouder/bootstrap/originals";

/**
 * The folder appears by a rename when it is whole. Where a create has been before, what is there
 * is ours and nothing is kept.
 */
const keepScript = `
place=$1; shift
[ -e "$place" ] && exit 0
(umask 022; mkdir -p "\${place%/*}")
new=$(mktemp -d "$place.XXXXXXXX")
mkdir -m 0700 "$new/files"
touch "$new/programs" "$new/folders" "$new/settings"
if [ ! -e "\${place%/*}/installed.json" ] && [ ! -e "\${place%/*}/cluster.json" ]; then
  for word; do
    case $word in
      --*) kind=$word; continue ;;
    esac
    case $kind in
      --programs) echo "$word" >> "$new/programs" ;;
      --folders) if [ -n "$(ls -A -- "$word" 2>/dev/null)" ]; then echo "$word" >> "$new/folders"; fi ;;
      --emptied) if [ -d "$word" ]; then echo "$word" >> "$new/folders"; fi ;;
      --settings) if value=$(sysctl -n "$word" 2>/dev/null); then echo "$word = $value" >> "$new/settings"; fi ;;
    esac
    case $kind in
      --files | --programs) if [ -e "$word" ] || [ -L "$word" ]; then cp -a --parents -- "$word" "$new/files"; fi ;;
    esac
  done
fi
mv -T -- "$new" "$place"
`;

/** Before the first change: keeps the files that will be replaced and tells what was there already. */
export async function keepOriginals(
  access: NodeAccess,
  wanted: { readonly programs: readonly string[]; readonly settings: readonly string[] },
): Promise<void> {
  await access.run([
    ...["sh", "-ec", keepScript, "sh", place],
    ...["--files", ...traces.files, "--programs", ...wanted.programs],
    ...["--folders", ...traces.folders, "--emptied", ...traces.emptied],
    ...["--settings", ...wanted.settings],
  ]);
}

/** True where a create has been and no delete has ended since. */
export function hasOriginals(access: NodeAccess): Promise<boolean> {
  return succeeds(access, ["test", "-d", place]);
}

const restoreScript = `
place=$1; shift
if [ -e "$place/programs" ]; then while read -r word; do rm -f -- "$word"; done < "$place/programs"; fi
found() { grep -qxF -- "$1" "$place/folders" 2>/dev/null; }
for word; do
  case $word in
    --*) kind=$word; continue ;;
  esac
  case $kind in
    --files) rm -rf -- "$word" ;;
    --folders) if found "$word"; then find "$word" -mindepth 1 -type d -empty -delete 2>/dev/null || true; else rm -rf -- "$word"; fi ;;
    --emptied) found "$word" || rmdir -- "$word" 2>/dev/null || true ;;
  esac
done
if [ -d "$place/files" ]; then
  cd "$place/files"
  find . ! -type d -exec cp -a --parents -t / -- {} +
fi
if [ -s "$place/settings" ]; then sysctl -q -p "$place/settings" || true; fi
`;

/** Takes away what create wrote and puts back what it replaced. */
export async function restoreOriginals(
  access: NodeAccess,
  programs: readonly string[],
): Promise<void> {
  await access.run([
    ...["sh", "-ec", restoreScript, "sh", place],
    ...["--files", ...traces.files, ...programs],
    ...["--folders", ...traces.folders, "--emptied", ...traces.emptied],
  ]);
}
