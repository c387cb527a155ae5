import { apiPort, sharedPort } from "#bootstrap/kubeadm/endpoint";
import type { WantedFile } from "#bootstrap/nodes/ensure-files";
import type { Machine } from "#bootstrap/providers/provider";

/** Tells keepalived whether haproxy of this machine reaches an API server; on loopback only. */
const alivePort = 8444;

export interface SharedAddress {
  readonly address: string;
  readonly planes: readonly Machine[];
  readonly own: Machine;
  /** The link that has the machine's address. */
  readonly link: string;
}

/**
 * keepalived and haproxy as kubeadm's page on high availability describes them: the address is
 * always on one machine whose haproxy reaches an API server, and haproxy spreads over those that
 * are ready. Machines tell each other directly, since many networks drop multicast.
 */
export function sharedAddressFiles(shared: SharedAddress): readonly WantedFile[] {
  return [
    { path: "/etc/haproxy/haproxy.cfg", content: haproxy(shared.planes) },
    { path: "/etc/keepalived/check-apiserver", content: check, mode: 0o755 },
    { path: "/etc/keepalived/keepalived.conf", content: keepalived(shared), mode: 0o600 },
  ];
}

function haproxy(planes: readonly Machine[]): string {
  const servers = planes.map(
    ({ name, privateAddress }) => `  server ${name} ${privateAddress}:${apiPort}`,
  );
  return `global
  log stderr format short local0 notice
  chroot /var/lib/haproxy
  user haproxy
  group haproxy
  maxconn 4000

defaults
  mode tcp
  timeout connect 5s
  timeout check 3s
  # Watches, logs and exec may be silent for long.
  timeout client 4h
  timeout server 4h

frontend apiserver
  bind *:${sharedPort}
  default_backend apiservers

backend apiservers
  option httpchk GET /readyz
  http-check expect status 200
  balance roundrobin
  # Only the health check looks into TLS; clients verify the API server themselves.
  default-server check check-ssl verify none inter 2s fall 2 rise 2 on-marked-down shutdown-sessions
${servers.join("\n")}

frontend alive
  mode http
  timeout http-request 5s
  bind 127.0.0.1:${alivePort}
  monitor-uri /
  monitor fail if { nbsrv(apiservers) lt 1 }
`;
}

const check = `#!/bin/bash
# haproxy of this machine answers and reaches an API server.
exec 3<>/dev/tcp/127.0.0.1/${alivePort} || exit 1
printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3
read -r -t 2 line <&3 && [[ $line == *" 200 "* ]]
`;

function keepalived({ address, planes, own, link }: SharedAddress): string {
  const peers = planes.filter(({ name }) => name !== own.name);
  const place = planes.findIndex(({ name }) => name === own.name);
  const unicast = [
    `  unicast_src_ip ${own.privateAddress}`,
    "  unicast_peer {",
    ...peers.map(({ privateAddress }) => `    ${privateAddress}`),
    "  }",
  ];
  // A machine whose check fails falls below all others; where all fail the first one keeps it.
  return `global_defs {
  router_id ${own.name}
  enable_script_security
  script_user root
}

vrrp_script check_apiserver {
  script "/etc/keepalived/check-apiserver"
  interval 2
  timeout 3
  fall 2
  rise 2
  weight -50
  init_fail
}

vrrp_instance apiserver {
  state BACKUP
  interface ${link}
  virtual_router_id ${Number(address.split(".").at(-1)) || 1}
  priority ${150 - place}
  advert_int 1
${peers.length === 0 ? "" : `${unicast.join("\n")}\n`}  virtual_ipaddress {
    ${address}/32
  }
  track_script {
    check_apiserver
  }
}
`;
}
