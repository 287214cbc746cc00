# What comes from Debian: the container runtime, the registry, the image tools.
# shellcheck shell=bash

# program -> package that has it
declare -A DEBIAN_PACKAGES=(
  [containerd]=containerd [runc]=runc [docker-registry]=docker-registry [skopeo]=skopeo [buildah]=buildah
  [iptables]=iptables [ip]=iproute2 [openssl]=openssl [sysctl]=procps [curl]=curl [nsenter]=util-linux [flock]=util-linux
)
CNI_PLUGINS=/usr/lib/cni

missing_packages() {
  local program
  for program in "${!DEBIAN_PACKAGES[@]}"; do
    command -v "$program" >/dev/null || echo "${DEBIAN_PACKAGES[$program]}"
  done
  [ -x $CNI_PLUGINS/bridge ] || echo containernetworking-plugins
}

install_packages() {
  local packages
  mapfile -t packages < <(missing_packages | sort -u)
  [ ${#packages[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    fail "missing: ${packages[*]}. This script installs them on Debian only; install them and run it again"
  timed "Debian packages ${packages[*]}" "$SFN_CACHE/log/packages.log" apt_install "${packages[@]}"
}

# Installs without starting the services that the packages bring (containerd, docker-registry):
# the cluster starts its own.
apt_install() (
  set -e
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
  fi
  apt-get -o DPkg::Lock::Timeout=300 update
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
)
