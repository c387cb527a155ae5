import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "yaml";

interface CloudConfig {
  readonly write_files?: readonly WrittenFile[];
  readonly runcmd?: readonly (readonly string[])[];
}

interface WrittenFile {
  readonly path: string;
  readonly content: string;
  readonly permissions?: string;
}

const known: Readonly<Record<string, unknown>> = { write_files: [], runcmd: [] };
const knownOfFiles: Readonly<Record<string, unknown>> = { path: "", content: "", permissions: "" };

/**
 * Does to a machine's root file system, before its first boot, what cloud-init would do during it:
 * files are written, commands run once the machine is up. What it does not know, it refuses.
 */
export async function applyUserData(root: string, userData: string): Promise<void> {
  if (!userData.startsWith("#cloud-config\n")) throw new Error(`no cloud-config: ${userData}`);
  const config = parse(userData) as CloudConfig;
  checkFields(config, known);
  for (const file of config.write_files ?? []) {
    checkFields(file, knownOfFiles);
    await put(root, file.path, file.content, Number.parseInt(file.permissions ?? "0644", 8));
  }
  if (config.runcmd) await runOnce(root, config.runcmd);
}

function checkFields(given: object, fields: Readonly<Record<string, unknown>>): void {
  const strange = Object.keys(given).filter((name) => !(name in fields));
  if (strange.length > 0) throw new Error(`cloud-init of the lab lacks ${strange.join(", ")}`);
}

async function put(root: string, path: string, content: string, mode: number): Promise<void> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
  await chmod(target, mode);
}

const unit = `[Unit]
Description=Commands of the user data
After=network.target
ConditionPathExists=!/var/lib/cloud/done

[Service]
Type=oneshot
ExecStart=/var/lib/cloud/runcmd
ExecStartPost=/usr/bin/touch /var/lib/cloud/done
`;

/** At the first boot of all; a machine that is started again keeps what they did. */
async function runOnce(root: string, commands: readonly (readonly string[])[]): Promise<void> {
  const lines = commands.map((words) => words.map(quoted).join(" "));
  await put(root, "/var/lib/cloud/runcmd", ["#!/bin/sh -e", ...lines, ""].join("\n"), 0o755);
  await put(root, "/etc/systemd/system/cloud-final.service", unit, 0o644);
  const wants = join(root, "etc/systemd/system/multi-user.target.wants");
  await mkdir(wants, { recursive: true });
  await symlink("../cloud-final.service", join(wants, "cloud-final.service"));
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
