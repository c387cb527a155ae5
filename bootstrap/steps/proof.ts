import { nodeNames } from "#bootstrap/runtimes/names";

/** Result of a real dump and restore on a node; texts, as it is kept in a stamp. */
export interface Proof {
  readonly result: "proven";
  readonly criu: string;
  readonly runc: string;
  readonly kernel: string;
}

/** The labels by which a proven node is found. */
export function proofLabels(proof: Partial<Proof>): Readonly<Record<string, string>> {
  if (proof.result !== "proven") return {};
  const prefix = nodeNames.annotationPrefix;
  return {
    [`${prefix}/checkpoint`]: "proven",
    [`${prefix}/criu`]: labelValue(proof.criu ?? ""),
    [`${prefix}/runc`]: labelValue(proof.runc ?? ""),
  };
}

/** Versions like 1.3.6+ds1 hold signs that label values may not. */
export function labelValue(text: string): string {
  return text
    .replace(/[^A-Za-z0-9_.-]/g, "-")
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
}

/** Prints "criu=… " and "runc=…". */
export const versionsScript = `echo "criu=$(criu --version | sed -n 's/^Version: *//p' | head -n 1)"
echo "runc=$(runc --version | sed -n 's/^runc version *//p')"
`;

/**
 * A throw-away container by runc alone: a shell with a counter and a random word that exist only
 * in its memory. It is dumped, its files are removed, and it must go on where it was.
 * Prints "criu=… runc=… kernel=…" and "proven", or the decisive lines of CRIU's log.
 */
export const proofScript = `
id=clouder-proof-$$
work=$(mktemp -d /var/lib/clouder/proof.XXXXXXXX)
bundle=$work/bundle; images=$work/images
# In memory: a process that waits for a busy disk cannot be stopped, and CRIU gives up after 10 s.
state=$(mktemp -d /run/clouder-proof.XXXXXXXX)
clean() { runc delete --force "$id" >/dev/null 2>&1 || true; rm -rf "$work" "$state"; }
trap clean EXIT
fail() {
  echo "failed: $1"
  for log in "$images/dump.log" "$work/criu/dump.log" "$work/criu/restore.log"; do
    [ -e "$log" ] && grep Error "$log" | grep -v RLIMIT_NOFILE | tail -n 5
  done
  tail -q -n 1 "$work"/*.err 2>/dev/null
  exit 1
}
mkdir -p "$bundle/rootfs" "$images" "$work/criu"
for folder in usr proc dev sys tmp state; do mkdir -p "$bundle/rootfs/$folder"; done
for name in bin lib lib64 sbin; do
  if [ -L "/$name" ]; then ln -s "usr/$name" "$bundle/rootfs/$name"; fi
done
cat > "$state/run" <<'RUN'
exec < /dev/null > /dev/null 2>&1
read -r word < /proc/sys/kernel/random/uuid
count=0
while :; do
  count=$((count + 1))
  echo "$count $word" > /state/new && mv /state/new /state/count
  sleep 0.05
done
RUN
cat > "$bundle/config.json" <<CONFIG
{"ociVersion":"1.0.2","hostname":"proof","root":{"path":"rootfs","readonly":true},
 "process":{"cwd":"/","args":["/bin/sh","/state/run"],"env":["PATH=/usr/bin:/bin"],"user":{"uid":0,"gid":0},"noNewPrivileges":true},
 "mounts":[
  {"destination":"/proc","type":"proc","source":"proc"},
  {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","mode=755"]},
  {"destination":"/usr","type":"bind","source":"/usr","options":["rbind","ro"]},
  {"destination":"/state","type":"bind","source":"$state","options":["bind","rw"]}],
 "linux":{"cgroupsPath":"/$id","namespaces":[{"type":"pid"},{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"network"}]}}
CONFIG
await_count() {
  tries=0
  while :; do
    set -- "$1" $(cat "$state/count" 2>/dev/null || true)
    [ "\${2:-0}" -gt "$1" ] && { echo "$2 $3"; return 0; }
    tries=$((tries + 1)); [ $tries -gt 100 ] && return 1
    sleep 0.05
  done
}
runc run --detach --bundle "$bundle" --pid-file "$work/pid" "$id" </dev/null >"$work/run.err" 2>&1 || fail "the container did not start"
await_count 5 >/dev/null || fail "the container does not count"
runc checkpoint --image-path "$images" --work-path "$work/criu" --manage-cgroups-mode ignore "$id" >"$work/dump.err" 2>&1 || fail "dump"
set -- $(cat "$state/count"); before=$1; word=$2
rm -f "$state/count"
runc restore --detach --bundle "$bundle" --image-path "$images" --work-path "$work/criu" --manage-cgroups-mode ignore "$id" </dev/null >"$work/restore.err" 2>&1 || fail "restore"
set -- $(await_count "$before" || true)
[ "\${2:-}" = "$word" ] || fail "the restored container is not the dumped one"
${versionsScript}echo "kernel=$(uname -r)"
echo proven
`;
