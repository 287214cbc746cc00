# What is built with Go: Kubernetes, etcd, Helm, kwok. From the module proxy, as tests/cluster/go/*/go.mod pins them.
# shellcheck shell=bash

GO_DIR=$CLUSTER_SOURCE/go
KUBERNETES_PROGRAMS=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)

# A folder's name holds all that its content depends on: version, pins, machine.
pins_key() { cat "$GO_DIR/$1/go.mod" "$GO_DIR/$1/go.sum" | sha256sum | cut -c 1-8; }
KUBERNETES_BIN=$SFN_CACHE/programs/kubernetes-$KUBERNETES_VERSION-$(uname -m)-$(pins_key kubernetes)
HELM_BIN=$SFN_CACHE/programs/helm-$HELM_VERSION-$(uname -m)-$(pins_key helm)
KWOK_BIN=$SFN_CACHE/programs/kwok-$KWOK_VERSION-$(uname -m)-$(pins_key kwok)

# go_build MODULE OUT_DIR LDFLAGS PACKAGE...: builds into a folder beside OUT_DIR first, so that
# what is in OUT_DIR is always whole.
go_build() {
  local module=$1 out=$2 ldflags=$3
  shift 3
  mkdir -p "$out" "$out.part"
  (cd "$GO_DIR/$module" && CGO_ENABLED=0 go build -trimpath -ldflags "$ldflags" -o "$out.part/" "$@")
  mv "$out.part"/* "$out/"
  rmdir "$out.part"
}

build_kubernetes() {
  local missing=() program set_version=k8s.io/component-base/version minor=${KUBERNETES_VERSION#v1.}
  for program in "$@"; do
    [ -x "$KUBERNETES_BIN/$program" ] || missing+=("k8s.io/kubernetes/cmd/$program")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  timed "Kubernetes $KUBERNETES_VERSION (${missing[*]##*/})" "$SFN_CACHE/log/build-kubernetes.log" \
    go_build kubernetes "$KUBERNETES_BIN" \
    "-s -w -X $set_version.gitVersion=$KUBERNETES_VERSION -X $set_version.gitMajor=1 -X $set_version.gitMinor=${minor%%.*}" "${missing[@]}"
}

build_etcd() {
  [ -x "$KUBERNETES_BIN/etcd" ] || timed "etcd $ETCD_VERSION" "$SFN_CACHE/log/build-etcd.log" go_build_etcd
}

# The module's folder is called server, and so would be the program.
go_build_etcd() {
  go_build kubernetes "$KUBERNETES_BIN/etcd.d" "-s -w" go.etcd.io/etcd/server/v3
  mv "$KUBERNETES_BIN/etcd.d/"* "$KUBERNETES_BIN/etcd"
  rmdir "$KUBERNETES_BIN/etcd.d"
}

build_helm() {
  [ -x "$HELM_BIN/helm" ] || timed "Helm $HELM_VERSION" "$SFN_CACHE/log/build-helm.log" \
    go_build helm "$HELM_BIN" "-s -w" helm.sh/helm/v4/cmd/helm
}

# build_kwok: the fake kubelet of the benchmark; a cluster does not need it.
build_kwok() {
  [ -x "$KWOK_BIN/kwok" ] || timed "kwok $KWOK_VERSION" "$SFN_CACHE/log/build-kwok.log" \
    go_build kwok "$KWOK_BIN" "-s -w" sigs.k8s.io/kwok/cmd/kwok
}

# build_programs: all that a cluster of our own needs.
build_programs() {
  command -v go >/dev/null || fail "Go is needed to build Kubernetes $KUBERNETES_VERSION: install it from https://go.dev/dl"
  build_kubernetes "${KUBERNETES_PROGRAMS[@]}"
  build_etcd
  build_helm
}

# build_clients: kubectl and helm, where the machine has none.
build_clients() {
  if ! command -v kubectl >/dev/null; then build_kubernetes kubectl; fi
  if ! command -v helm >/dev/null; then build_helm; fi
}
