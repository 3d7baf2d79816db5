#!/bin/sh
# In both images: HAProxy of Debian, packages that are named as arguments, and `low-ports`, which starts a program that may listen below
# 1024 although it is not root. It is util-linux' setpriv with one file capability: where the container may not have that capability,
# nothing is gained.
set -eu
export DEBIAN_FRONTEND=noninteractive
if [ -n "${DEBIAN_MIRROR:-}" ]; then
  sed -i "s|http://deb.debian.org|$DEBIAN_MIRROR|" /etc/apt/sources.list.d/debian.sources
fi
apt-get update
apt-get install --yes --no-install-recommends "haproxy${HAPROXY_VERSION:+=$HAPROXY_VERSION}" libcap2-bin util-linux "$@"
cp /usr/bin/setpriv /usr/local/bin/low-ports
setcap cap_net_bind_service=+ep /usr/local/bin/low-ports
# It goes, unless something else needs it: iproute2 does.
apt-mark auto libcap2-bin
apt-get autoremove --yes --purge
dpkg-query --show haproxy util-linux "$@"
rm -rf /var/lib/apt/lists/*
