# kube-scheduler. Extra flags: KUBE_SCHEDULER_FLAGS.
# shellcheck shell=bash

command=("$KUBERNETES_BIN/kube-scheduler"
  "--kubeconfig=$CONFIG_DIR/kube-scheduler.kubeconfig"
  "--authentication-kubeconfig=$CONFIG_DIR/kube-scheduler.kubeconfig"
  "--authorization-kubeconfig=$CONFIG_DIR/kube-scheduler.kubeconfig"
  --bind-address=127.0.0.1 --leader-elect=false
  --kube-api-qps=200 --kube-api-burst=400)
flags=${KUBE_SCHEDULER_FLAGS:-}
limit=60

ready() { http_ok https://127.0.0.1:10259/healthz; }
