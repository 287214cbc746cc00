# kube-apiserver. Extra flags: KUBE_APISERVER_FLAGS.
# Every write is in the audit log, log/audit.log in the cluster's folder, as metadata (who, what, when, answer).
# shellcheck shell=bash

configure() {
  cat >"$CONFIG_DIR/audit-policy.yaml" <<'YAML'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- level: Metadata
  verbs: [create, update, patch, delete, deletecollection]
- level: None
YAML
}

command=("$KUBERNETES_BIN/kube-apiserver"
  --etcd-servers=http://127.0.0.1:2379
  --bind-address=0.0.0.0 "--advertise-address=$NODE_IP" "--secure-port=$API_PORT"
  --endpoint-reconciler-type=lease
  "--service-cluster-ip-range=$SERVICE_CIDR"
  "--tls-cert-file=$PKI_DIR/kube-apiserver.crt" "--tls-private-key-file=$PKI_DIR/kube-apiserver.key"
  "--client-ca-file=$PKI_DIR/ca.crt"
  --service-account-issuer=https://kubernetes.default.svc
  "--service-account-key-file=$PKI_DIR/service-account.pub"
  "--service-account-signing-key-file=$PKI_DIR/service-account.key"
  --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true
  "--kubelet-client-certificate=$PKI_DIR/kube-apiserver-kubelet-client.crt"
  "--kubelet-client-key=$PKI_DIR/kube-apiserver-kubelet-client.key"
  "--kubelet-certificate-authority=$PKI_DIR/ca.crt" --kubelet-preferred-address-types=InternalIP
  "--requestheader-client-ca-file=$PKI_DIR/ca.crt" --requestheader-allowed-names=front-proxy-client
  --requestheader-extra-headers-prefix=X-Remote-Extra- --requestheader-group-headers=X-Remote-Group
  --requestheader-username-headers=X-Remote-User
  "--proxy-client-cert-file=$PKI_DIR/front-proxy-client.crt" "--proxy-client-key-file=$PKI_DIR/front-proxy-client.key"
  "--audit-policy-file=$CONFIG_DIR/audit-policy.yaml" "--audit-log-path=$LOG_DIR/audit.log"
  --audit-log-maxsize=200 --audit-log-maxbackup=5
  # twice the defaults: tests and benchmarks send more at once than people do
  --max-requests-inflight=800 --max-mutating-requests-inflight=400)
flags=${KUBE_APISERVER_FLAGS:-}
limit=90

ready() { kubectl get --raw /readyz; }
