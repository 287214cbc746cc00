# Keys, certificates and kubeconfigs, new with every cluster.
# shellcheck shell=bash

# certificate NAME SUBJECT [ALTERNATIVE_NAMES]: PKI_DIR/NAME.{key,crt}, signed by the cluster's CA.
certificate() {
  local name=$1 subject=$2 names=${3:-}
  openssl ecparam -name prime256v1 -genkey -noout -out "$PKI_DIR/$name.key"
  openssl req -new -key "$PKI_DIR/$name.key" -subj "$subject" -out "$PKI_DIR/$name.csr"
  # an extension makes it X.509 version 3, the only one that rustls takes
  echo "extendedKeyUsage=clientAuth,serverAuth" >"$PKI_DIR/$name.ext"
  [ -z "$names" ] || echo "subjectAltName=$names" >>"$PKI_DIR/$name.ext"
  openssl x509 -req -in "$PKI_DIR/$name.csr" -CA "$PKI_DIR/ca.crt" -CAkey "$PKI_DIR/ca.key" -CAcreateserial \
    -days 365 -extfile "$PKI_DIR/$name.ext" -out "$PKI_DIR/$name.crt"
}

# kubeconfig FILE CERTIFICATE_NAME SERVER: self-contained, so that it can be copied anywhere.
kubeconfig() {
  (
    umask 077
    cat >"$1" <<YAML
apiVersion: v1
kind: Config
clusters:
- name: $CLUSTER
  cluster:
    server: $3
    certificate-authority-data: $(base64 -w 0 "$PKI_DIR/ca.crt")
users:
- name: $2
  user:
    client-certificate-data: $(base64 -w 0 "$PKI_DIR/$2.crt")
    client-key-data: $(base64 -w 0 "$PKI_DIR/$2.key")
contexts:
- name: $CLUSTER
  context: {cluster: $CLUSTER, user: $2}
current-context: $CLUSTER
YAML
  )
}

# make_pki NODE_IP
make_pki() {
  local ip=$1 name
  [ ! -f "$CLUSTER_KUBECONFIG" ] || return 0
  chmod 700 "$PKI_DIR"
  openssl ecparam -name prime256v1 -genkey -noout -out "$PKI_DIR/ca.key"
  openssl req -x509 -new -key "$PKI_DIR/ca.key" -subj "/CN=sfn-operator-$CLUSTER" -days 365 -out "$PKI_DIR/ca.crt"
  openssl genrsa -out "$PKI_DIR/service-account.key" 2048
  openssl rsa -in "$PKI_DIR/service-account.key" -pubout -out "$PKI_DIR/service-account.pub"

  certificate kube-apiserver /CN=kube-apiserver "$(printf 'DNS:%s,' localhost kubernetes kubernetes.default \
    kubernetes.default.svc kubernetes.default.svc.cluster.local)IP:127.0.0.1,IP:$ip,IP:$SERVICE_IP"
  certificate kubelet "/O=system:nodes/CN=system:node:$NODE_NAME" "DNS:$NODE_NAME,IP:$ip,IP:127.0.0.1"
  certificate admin /O=system:masters/CN=admin
  certificate kube-apiserver-kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client
  certificate front-proxy-client /CN=front-proxy-client
  for name in kube-controller-manager kube-scheduler kube-proxy; do certificate $name "/CN=system:$name"; done

  for name in kube-controller-manager kube-scheduler kube-proxy kubelet; do
    kubeconfig "$CONFIG_DIR/$name.kubeconfig" $name "https://127.0.0.1:$API_PORT"
  done
  # last, since its presence says that all is there
  kubeconfig "$CLUSTER_KUBECONFIG" admin "https://$ip:$API_PORT"
}
