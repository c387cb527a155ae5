/**
 * Environment that keeps the agent small. Frames of megabytes come and go in several threads: glibc
 * would keep such memory in arenas of each thread, and V8 collects it the sooner the smaller it
 * believes its heap to be. Lower thresholds of glibc's would give 20 MB more back while the agent is
 * idle and cost a tenth of the throughput.
 */
export const agentMemory = [
  { name: "MALLOC_ARENA_MAX", value: "2" },
  { name: "NODE_OPTIONS", value: "--max-semi-space-size=1 --max-old-space-size=128" },
] as const;
