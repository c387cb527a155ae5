#!/bin/sh
# Stand-in for flannel's CNI plugin, whose module the Go module proxy does not serve: hands over to
# bridge with host-local, as that one does.
set -eu
state=/var/lib/cni/flannel/${CNI_CONTAINERID:-none}
cat > /dev/null
case $CNI_COMMAND in
  VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["0.3.0","0.3.1","1.0.0"]}'; exit 0 ;;
  CHECK) exit 0 ;;
  ADD)
    if [ ! -s /run/flannel/subnet.env ]; then
      echo '{"cniVersion":"0.3.1","code":11,"msg":"flannel has leased no subnet yet"}'
      exit 1
    fi
    . /run/flannel/subnet.env
    masquerade=true
    [ "$FLANNEL_IPMASQ" = true ] && masquerade=false
    # The lease names the gateway, network + 1; host-local wants the network.
    gateway=${FLANNEL_SUBNET%/*}
    network=${gateway%.*}.$((${gateway##*.} - 1))/${FLANNEL_SUBNET#*/}
    mkdir -p "${state%/*}"
    cat > "$state" <<CONFIG
{"cniVersion":"0.3.1","name":"cbr0","type":"bridge","bridge":"cni0","mtu":$FLANNEL_MTU,
 "isGateway":true,"isDefaultGateway":true,"hairpinMode":true,"ipMasq":$masquerade,
 "ipam":{"type":"host-local","ranges":[[{"subnet":"$network"}]],"routes":[{"dst":"$FLANNEL_NETWORK"}]}}
CONFIG
    ;;
  DEL) [ -s "$state" ] || exit 0 ;;
esac
status=0
"${CNI_PATH%%:*}/bridge" < "$state" || status=$?
[ "$CNI_COMMAND" = ADD ] || rm -f "$state"
exit $status
