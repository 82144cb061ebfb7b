#!/bin/bash
# Makes the programs of the interop suite available: etcd's own tools, the Python client, h2load,
# curl, Prometheus and systemd's checker. Debian and Ubuntu only; does nothing when all of them are present.
set -euo pipefail

missing=()
command -v etcdctl >/dev/null || missing+=(etcd-client)
command -v etcd >/dev/null || missing+=(etcd-server)
command -v h2load >/dev/null || missing+=(nghttp2-client)
command -v curl >/dev/null || missing+=(curl)
command -v promtool >/dev/null || missing+=(prometheus)
command -v systemd-analyze >/dev/null || missing+=(systemd)
/usr/bin/python3 -c 'import etcd3' 2>/dev/null || missing+=(python3-etcd3)

if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "Cannot run the interop suite: ${missing[*]} missing, and there is no apt-get to install them." >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Cannot run the interop suite: ask an administrator for apt-get install ${missing[*]}." >&2
  exit 1
fi

echo "interop: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# The Debian packages start their services on installation; the suite starts its own members.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
