# The images that the registry has from the start: perl and busybox from Debian's packages, and the node's own pause.
# Built once into the cache as OCI layouts, copied into each cluster's registry.
# shellcheck shell=bash

# the content depends on this file alone
IMAGES_DIR=$SFN_CACHE/images/$(uname -m)-$(sha256sum "${BASH_SOURCE[0]}" | cut -c 1-8)
# layout -> name in the registry
declare -A BASE_IMAGES=(
  [perl]=library/perl:latest
  [busybox]=library/busybox:latest
  [pause]=sfn-operator/pause:latest
)
BUILDAH=(buildah --root "$SFN_CACHE/buildah" --runroot "$SFN_CACHE/buildah/run" --storage-driver vfs)

build_images() {
  local name
  for name in "${!BASE_IMAGES[@]}"; do
    [ -d "$IMAGES_DIR/$name" ] || timed "image $name" "$SFN_CACHE/log/image-$name.log" build_image "$name"
  done
}

# build_image NAME: the result appears in IMAGES_DIR/NAME only when it is whole.
build_image() (
  set -e
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  "${1}_files" "$root"
  commit_image "$1" "$root"
)

commit_image() (
  set -e
  container=$("${BUILDAH[@]}" from scratch)
  trap '"${BUILDAH[@]}" rm "$container"' EXIT
  command='["/bin/sh"]'
  [ "$1" != pause ] || command='["/bin/sleep", "infinity"]'
  "${BUILDAH[@]}" add "$container" "$2" /
  "${BUILDAH[@]}" config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd "$command" "$container"
  mkdir -p "$IMAGES_DIR"
  rm -rf "$IMAGES_DIR/$1.part"
  "${BUILDAH[@]}" commit --rm=false "$container" "oci:$IMAGES_DIR/$1.part:latest"
  mv "$IMAGES_DIR/$1.part" "$IMAGES_DIR/$1"
)

# unpack_packages ROOT PACKAGE...: the packages' files, without documentation; nothing is installed on the machine.
unpack_packages() (
  set -e
  root=$1 downloads=$(mktemp -d)
  shift
  trap 'rm -rf "$downloads"' EXIT
  # apt downloads as its own user
  chmod 777 "$downloads"
  cd "$downloads"
  apt-get download "$@" || { apt-get -o DPkg::Lock::Timeout=300 update && apt-get download "$@"; }
  for package in *.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root"; done
  rm -rf "$root"/usr/share/{doc,man,locale,lintian,gcc,gdb,bug}
)

base_folders() {
  mkdir -p "$1"/{dev,proc,sys,etc,root,tmp,var/tmp,usr/{bin,sbin,lib,lib64}}
  chmod 1777 "$1/tmp" "$1/var/tmp"
  chmod 755 "$1"
  ln -s usr/bin usr/sbin usr/lib usr/lib64 "$1/"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
  echo 'root:x:0:' >"$1/etc/group"
}

busybox_files() {
  local applet
  base_folders "$1"
  unpack_packages "$1" busybox-static
  # the list names busybox itself too: a link of that name would replace the program
  for applet in $("$1/bin/busybox" --list); do
    [ "$applet" = busybox ] || [ -e "$1/bin/$applet" ] || ln -s busybox "$1/bin/$applet"
  done
}

pause_files() { busybox_files "$1"; }

# libmath-bigint-perl because the Math::BigInt that comes with Debian 12's perl fails on bpi(1500) and above
perl_files() {
  local packages
  busybox_files "$1"
  mapfile -t packages < <(apt-cache depends --recurse --no-pre-depends --no-recommends --no-suggests --no-conflicts \
    --no-breaks --no-replaces --no-enhances perl libmath-bigint-perl | grep '^[a-z0-9]' | sort -u)
  unpack_packages "$1" "${packages[@]}"
}

# build_dockerfile DOCKERFILE CONTEXT LAYOUT: without an engine, and without leaving anything in buildah's store.
build_dockerfile() (
  set -e
  ids=$(mktemp)
  mkdir -p "$(dirname "$3")"
  "${BUILDAH[@]}" bud --isolation chroot --iidfile "$ids" -f "$1" "$2"
  image=$(cat "$ids")
  rm "$ids"
  trap '"${BUILDAH[@]}" rmi --force "$image"' EXIT
  rm -rf "$3.part"
  "${BUILDAH[@]}" push "$image" "oci:$3.part:latest"
  mv "$3.part" "$3"
)

# push_layout LAYOUT NAME: an OCI layout into the registry at REGISTRY (host:port).
push_layout() {
  skopeo --insecure-policy copy --quiet --dest-tls-verify=false "oci:$1" "docker://$REGISTRY/$2"
}

# push_base_images: those that this cluster's registry has not got yet.
push_base_images() {
  local name stamp
  mkdir -p "$CLUSTER_DIR/data/pushed"
  for name in "${!BASE_IMAGES[@]}"; do
    stamp=$CLUSTER_DIR/data/pushed/$name-$(basename "$IMAGES_DIR")
    [ ! -f "$stamp" ] || continue
    push_layout "$IMAGES_DIR/$name:latest" "${BASE_IMAGES[$name]}"
    touch "$stamp"
  done
}
