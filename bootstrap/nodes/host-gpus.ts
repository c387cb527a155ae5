/** NVIDIA's GPUs of a machine, and what drives them already. */
export interface HostGpus {
  /** Device ids of PCI, four hexadecimal digits: "1eb8" is a T4. */
  readonly devices: readonly string[];
  /** Version of the driver that answers; empty while none does. */
  readonly driver: string;
  /** NVIDIA's container runtime is there. */
  readonly toolkit: boolean;
  /** The firmware boots only what is signed, and so does the kernel with its modules. */
  readonly secureBoot: boolean;
}

/**
 * Prints "gpus=…" (display controllers of the vendor 10de) and, where there are some, the rest. The
 * shell alone reads what is looked at everywhere: no program is started for it.
 */
export const gpuScript = `
gpus=
for device in /sys/bus/pci/devices/*; do
  [ -r "$device/vendor" ] && read -r vendor < "$device/vendor" || continue
  [ "$vendor" = 0x10de ] && read -r class < "$device/class" || continue
  case "$class" in 0x03*) read -r id < "$device/device" && gpus="$gpus \${id#0x}" ;; esac
done
echo "gpus=$gpus"
if [ -n "$gpus" ]; then
  driver=$(timeout 20 nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null) || driver=
  echo "driver=$(echo "$driver" | head -n 1)"
  if [ -x /usr/bin/nvidia-container-runtime ]; then echo "toolkit=there"; fi
  variable=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
  echo "secureboot=$(od -An -t u1 -j 4 -N 1 "$variable" 2>/dev/null | tr -d ' ')"
fi
`;

/** Reads what the script printed; undefined where there is no GPU. */
export function parseGpus(value: (key: string) => string): HostGpus | undefined {
  const devices = value("gpus").split(" ").filter(Boolean);
  if (devices.length === 0) return undefined;
  return {
    devices,
    driver: value("driver"),
    toolkit: value("toolkit") === "there",
    secureBoot: value("secureboot") === "1",
  };
}
