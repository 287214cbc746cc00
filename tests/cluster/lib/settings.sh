# Versions, folders and addresses. Everything that belongs to one cluster derives from its name.
# shellcheck shell=bash

KUBERNETES_VERSION=v1.35.4
ETCD_VERSION=v3.6.5
HELM_VERSION=v4.3.1
KWOK_VERSION=v0.8.0

CLUSTER=${CLUSTER:-dev}
SFN_CACHE=${SFN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sfn-operator}

[[ $CLUSTER =~ ^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$ ]] ||
  fail "CLUSTER is \"$CLUSTER\": a cluster name is up to 32 of a-z, 0-9 and -, and begins with a letter"
case $SFN_CACHE in
  # the node has its own folders there, which would hide the cache
  /run | /run/* | /var/run/* | /var/log/* | /var/lib/kubelet/*) fail "SFN_CACHE is \"$SFN_CACHE\": it cannot lie in /run, /var/log or /var/lib/kubelet" ;;
  /*) ;;
  *) fail "SFN_CACHE is \"$SFN_CACHE\": an absolute path is needed" ;;
esac

# One folder a cluster: keys, configuration, data, logs. Removed by `down`.
CLUSTER_DIR=$SFN_CACHE/clusters/$CLUSTER
CLUSTER_KUBECONFIG=$CLUSTER_DIR/kubeconfig
LOG_DIR=$CLUSTER_DIR/log
PKI_DIR=$CLUSTER_DIR/pki
CONFIG_DIR=$CLUSTER_DIR/config

# Inside the node. Every node has a network namespace of its own, so these are the same for all.
NODE_NAME=$CLUSTER
NODE_LINK=node0
POD_CIDR=10.244.0.0/16
NODE_POD_CIDR=10.244.0.0/24
SERVICE_CIDR=10.96.0.0/16
SERVICE_IP=10.96.0.1
API_PORT=6443
REGISTRY_PORT=5000
CONTAINERD_SOCKET=/run/containerd/containerd.sock

# The link between the machine and the node: 198.18.0.0/15 is set apart for benchmarks (RFC 2544),
# so nobody's network is hidden. Which /30 of it is this cluster's is settled in node.sh.
machine_ip() { echo "198.18.$1.1"; }
node_ip() { echo "198.18.$1.2"; }
# The kubelet's containers live below it. Two kubelets in one control group would end each other's pods.
node_cgroup() { echo "sfn-operator-$1"; }

# The order is the order in which they are started and shown.
COMPONENTS=(etcd containerd registry kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)
