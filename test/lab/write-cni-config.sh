#!/bin/sh
# Stand-in for flannel's CNI plugin: writes what that plugin would delegate to (bridge with host-local
# addresses) as soon as flanneld has leased a subnet, and again when the lease changes.
set -eu
lease=${LEASE:-/run/flannel/subnet.env}
target=${TARGET:-/etc/cni/net.d/10-flannel.conflist}
trap 'exit 0' TERM INT
while :; do
  if [ -s "$lease" ]; then
    . "$lease"
    masquerade=true
    [ "$FLANNEL_IPMASQ" = true ] && masquerade=false
    # The lease names the gateway, network + 1; host-local wants the network.
    gateway=${FLANNEL_SUBNET%/*}
    network=${gateway%.*}.$((${gateway##*.} - 1))/${FLANNEL_SUBNET#*/}
    cat > "$target.new" <<EOF
{
  "name": "cbr0",
  "cniVersion": "1.0.0",
  "plugins": [
    {
      "type": "bridge", "bridge": "cni0", "mtu": $FLANNEL_MTU,
      "isDefaultGateway": true, "forceAddress": true, "hairpinMode": true, "ipMasq": $masquerade,
      "ipam": { "type": "host-local", "ranges": [[{ "subnet": "$network" }]],
                "routes": [{ "dst": "$FLANNEL_NETWORK" }] }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
EOF
    if cmp -s "$target.new" "$target"; then rm "$target.new"; else mv "$target.new" "$target"; fi
  fi
  sleep 2 &
  wait $!
done
