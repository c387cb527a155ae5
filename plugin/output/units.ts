/** Sizes in the binary units that Kubernetes uses: 1.5Gi. */
export function bytes(count: number | undefined): string | undefined {
  if (count === undefined) return undefined;
  const units = ["B", "Ki", "Mi", "Gi", "Ti", "Pi"];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return value.toFixed(digits).replace(/\.0$/, "") + (units[unit] ?? "");
}

/** A duration the way people say it: 840 ms, 4.2 s, 3m12s, 5h3m. */
export function duration(milliseconds: number | undefined): string | undefined {
  if (milliseconds === undefined) return undefined;
  if (milliseconds < 1000) return `${String(Math.round(milliseconds))} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1).replace(/\.0$/, "")} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${String(minutes)}m${String(whole % 60)}s`;
  return `${String(Math.floor(minutes / 60))}h${String(minutes % 60)}m`;
}

/** kubectl's age column: 12s, 5m, 3h, 8d. */
export function age(since: string | undefined, now: number): string | undefined {
  if (since === undefined) return undefined;
  const seconds = Math.max(0, Math.round((now - Date.parse(since)) / 1000));
  if (Number.isNaN(seconds)) return undefined;
  if (seconds < 120) return `${String(seconds)}s`;
  if (seconds < 7200) return `${String(Math.floor(seconds / 60))}m`;
  if (seconds < 172_800) return `${String(Math.floor(seconds / 3600))}h`;
  return `${String(Math.floor(seconds / 86_400))}d`;
}
