# docker-registry, which stands in for docker.io on the node. Extra flags: REGISTRY_FLAGS.
# shellcheck shell=bash

configure() {
  cat >"$CONFIG_DIR/registry.yaml" <<YAML
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: $CLUSTER_DIR/data/registry}
  delete: {enabled: true}
http: {addr: "0.0.0.0:$REGISTRY_PORT"}
YAML
}

command=(docker-registry serve "$CONFIG_DIR/registry.yaml")
flags=${REGISTRY_FLAGS:-}
limit=30

ready() { http_ok "http://127.0.0.1:$REGISTRY_PORT/v2/"; }
