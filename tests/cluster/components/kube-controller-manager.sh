# kube-controller-manager. Extra flags: KUBE_CONTROLLER_MANAGER_FLAGS. KUBE_CONTROLLER_MANAGER_QPS (default 200)
# is its request rate; Kubernetes' own default of 20 makes many Jobs at once wait for it.
# shellcheck shell=bash

qps=${KUBE_CONTROLLER_MANAGER_QPS:-200}
command=("$KUBERNETES_BIN/kube-controller-manager"
  "--kubeconfig=$CONFIG_DIR/kube-controller-manager.kubeconfig"
  "--authentication-kubeconfig=$CONFIG_DIR/kube-controller-manager.kubeconfig"
  "--authorization-kubeconfig=$CONFIG_DIR/kube-controller-manager.kubeconfig"
  --bind-address=127.0.0.1 --leader-elect=false
  "--kube-api-qps=$qps" "--kube-api-burst=$((qps * 2))"
  "--service-account-private-key-file=$PKI_DIR/service-account.key" "--root-ca-file=$PKI_DIR/ca.crt"
  --use-service-account-credentials=true
  "--cluster-signing-cert-file=$PKI_DIR/ca.crt" "--cluster-signing-key-file=$PKI_DIR/ca.key"
  --allocate-node-cidrs=true "--cluster-cidr=$POD_CIDR")
flags=${KUBE_CONTROLLER_MANAGER_FLAGS:-}
limit=60

ready() { http_ok https://127.0.0.1:10257/healthz; }
