# kube-proxy in iptables mode, in the node's own network namespace. Extra flags: KUBE_PROXY_FLAGS.
# shellcheck shell=bash

command=("$KUBERNETES_BIN/kube-proxy"
  "--kubeconfig=$CONFIG_DIR/kube-proxy.kubeconfig"
  "--hostname-override=$NODE_NAME" "--cluster-cidr=$POD_CIDR"
  # conntrack limits are the machine's, not ours to set
  --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0)
flags=${KUBE_PROXY_FLAGS:-}
limit=60

ready() { http_ok http://127.0.0.1:10256/healthz; }
