# kubelet. Extra flags: KUBELET_FLAGS.
# shellcheck shell=bash

configure() {
  cat >"$CONFIG_DIR/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $PKI_DIR/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $PKI_DIR/kubelet.crt
tlsPrivateKeyFile: $PKI_DIR/kubelet.key
containerRuntimeEndpoint: unix://$CONTAINERD_SOCKET
clusterDomain: cluster.local
# there is no cluster DNS, and the machine's resolver is out of reach: with these, look-ups in pods fail at once
# instead of hanging
resolvConf: ""
clusterDNS: ["127.0.0.1"]
# what differs between machines: cgroup v1 or v2, swap, few rights over cgroups
cgroupDriver: cgroupfs
cgroupRoot: /$(node_cgroup "$(node_subnet)")
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
maxPods: 250
serializeImagePulls: false
registryPullQPS: 0
eventRecordQPS: 0
kubeAPIQPS: 200
kubeAPIBurst: 400
# this disk is the developer's: only a disk that is really full evicts pods, and no image is ever collected
evictionHard: {memory.available: "100Mi", nodefs.available: "1%", imagefs.available: "1%"}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
YAML
}

command=("$KUBERNETES_BIN/kubelet"
  "--kubeconfig=$CONFIG_DIR/kubelet.kubeconfig" "--config=$CONFIG_DIR/kubelet.yaml"
  "--hostname-override=$NODE_NAME" "--node-ip=$NODE_IP")
flags=${KUBELET_FLAGS:-}
limit=90

# ready for pods, which is more than being alive
ready() { kubectl wait --for=condition=Ready "node/$NODE_NAME" --timeout=1s; }
