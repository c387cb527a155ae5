/** Things of a user's on a machine; some lie where create writes, too. */
export const thingsOfTheUser = `
echo "10.9.9.9 printer" >> /etc/hosts
mkdir -p /etc/kubernetes /opt/cni/bin /etc/criu /srv/data
echo audit > /etc/kubernetes/audit-policy.yaml
printf '#!/bin/sh\\necho mine\\n' > /usr/local/bin/kubectl
chmod 0700 /usr/local/bin/kubectl
chown ops:ops /usr/local/bin/kubectl
echo "timeout: 5" > /etc/crictl.yaml
ln -s /srv/data/criu.conf /etc/criu/runc.conf
echo tcp-close > /srv/data/criu.conf
echo mine > /opt/cni/bin/mine
`;

const lateDate = `
printf '#!/bin/sh\\necho $(($(/usr/bin/date "$@") - 400))\\n' > /usr/local/bin/date
chmod +x /usr/local/bin/date
`;

interface Spoiled {
  readonly what: string;
  /** Shell commands of root that bring it about, and those that end it. */
  readonly spoil: string;
  readonly mend: string;
  readonly code: string;
  readonly text: RegExp;
}

/** What keeps the machine own-node-1 from being a node, and what is said of it. */
export const spoiled: readonly Spoiled[] = [
  {
    what: "a port in use",
    spoil: "systemd-run -q --unit=taken systemd-socket-activate -l 6443 cat",
    mend: "systemctl stop taken",
    code: "conflict",
    text: /port 6443 of own-node-1 is in use .*ss -ltnp 'sport = :6443'/,
  },
  {
    what: "a full disk",
    spoil: "mount -t tmpfs -o size=1g tmpfs /var/lib",
    mend: "umount /var/lib",
    code: "no-space",
    text: /own-node-1 has 1\.0 GiB free below \/var\/lib .*at least 3 GiB/,
  },
  {
    what: "a clock that is late",
    // Lab machines have their host's clock: only what this one says of it can differ.
    spoil: lateDate,
    mend: "rm /usr/local/bin/date",
    code: "conflict",
    text: /the clock of own-node-1 is (399|4\d\d) s behind .*set-ntp/,
  },
];
