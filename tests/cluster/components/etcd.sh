# etcd, reachable inside the node only. Extra flags: ETCD_FLAGS
# (for instance --unsafe-no-fsync where the disk is slow and nothing is measured).
# shellcheck shell=bash

command=("$KUBERNETES_BIN/etcd"
  --data-dir "$CLUSTER_DIR/data/etcd"
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379
  --listen-peer-urls http://127.0.0.1:2380
  --quota-backend-bytes 8589934592
  --log-level warn)
flags=${ETCD_FLAGS:-}
limit=30

ready() { http_ok http://127.0.0.1:2379/health; }
