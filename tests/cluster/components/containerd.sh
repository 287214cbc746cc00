# containerd with runc and a bridge for pods. Extra flags: CONTAINERD_FLAGS.
# shellcheck shell=bash

# overlayfs cannot lie on another overlay, which is what a container's own disk usually is
snapshotter() {
  local folder=$CLUSTER_DIR/data/overlay-trial result=native
  mkdir -p "$folder"/{lower,upper,work,merged}
  if mount -t overlay overlay -o "lowerdir=$folder/lower,upperdir=$folder/upper,workdir=$folder/work" "$folder/merged" 2>/dev/null; then
    umount "$folder/merged"
    result=overlayfs
  fi
  rm -rf "$folder"
  echo $result
}

configure() {
  cat >"$CONFIG_DIR/containerd.toml" <<TOML
version = 2
root = "$CLUSTER_DIR/data/containerd"
[grpc]
  address = "$CONTAINERD_SOCKET"
[plugins."io.containerd.grpc.v1.cri"]
  # without CAP_SYS_RESOURCE, as in many containers and small machines, no sandbox would start otherwise
  restrict_oom_score_adj = true
  sandbox_image = "docker.io/sfn-operator/pause:latest"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$CONFIG_DIR/registries"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$(snapshotter)"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$CNI_PLUGINS"
    conf_dir = "$CONFIG_DIR/cni"
TOML
  mkdir -p "$CONFIG_DIR/cni" "$CONFIG_DIR/registries/docker.io"
  # the registry beside it answers for docker.io, so that pull policy Always works offline
  cat >"$CONFIG_DIR/registries/docker.io/hosts.toml" <<TOML
server = "http://127.0.0.1:$REGISTRY_PORT"
[host."http://127.0.0.1:$REGISTRY_PORT"]
  capabilities = ["pull", "resolve"]
TOML
  cat >"$CONFIG_DIR/cni/10-bridge.conflist" <<JSON
{
  "cniVersion": "0.4.0",
  "name": "bridge",
  "plugins": [
    {
      "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": "$CLUSTER_DIR/data/cni",
        "ranges": [[{"subnet": "$NODE_POD_CIDR"}]], "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
JSON
}

command=(containerd --config "$CONFIG_DIR/containerd.toml")
flags=${CONTAINERD_FLAGS:-}
limit=30

ready() { ctr --address "$CONTAINERD_SOCKET" version; }
