# The node: one set of namespaces (processes, mounts, network) a cluster, with one process that holds it.
# When that process is killed the kernel ends every other process in it, and with them go its mounts, its
# network and its link to the machine: nothing can stay behind, and two clusters never meet in iptables.
# shellcheck shell=bash

# node_pid [CLUSTER_DIR]: the holder's process id as the machine sees it; fails when the node is not running.
# A recycled id is told apart by its command line.
node_pid() {
  local dir=${1:-$CLUSTER_DIR} pid
  pid=$(cat "$dir/node.pid" 2>/dev/null) || return 1
  grep -qzFx -- "$dir" "/proc/$pid/cmdline" 2>/dev/null || return 1
  echo "$pid"
}

# in_node COMMAND...: runs COMMAND inside the node.
in_node() {
  local pid
  pid=$(node_pid) || fail "cluster $CLUSTER is not running"
  nsenter --target "$pid" --mount --net --pid -- "$@"
}

# node_subnet [CLUSTER_DIR]: the number of its /30, see link_node.
node_subnet() { cat "${1:-$CLUSTER_DIR}/subnet"; }

# start_node: each part only if it is missing, so that a start that was interrupted can be repeated.
start_node() {
  node_pid >/dev/null || hold_node
  [ -f "$CLUSTER_DIR/subnet" ] || link_node
  make_cgroup
}

# hold_node: new namespaces. What a node left that ended by itself (the machine was restarted) goes first.
hold_node() {
  if [ -d "$CLUSTER_DIR" ]; then
    say "  cluster $CLUSTER had ended without \`make cluster-down\`: starting afresh"
    stop_node
  fi
  mkdir -p "$CLUSTER_DIR"/{data/kubelet,config,pki} "$LOG_DIR"/node
  # The kubelet's device plugin folder has this path and no other; each node mounts its own over it.
  mkdir -p /var/lib/kubelet
  (
    close_inherited_files
    exec setsid unshare --mount --net --pid --fork --propagation private \
      "$CLUSTER_SOURCE/lib/node-holder" "$CLUSTER_DIR" </dev/null >"$LOG_DIR/node.log" 2>&1
  ) &
  wait_until 10 node_pid || { show_log_end node "$LOG_DIR/node.log"; fail "the node's namespaces could not be made"; }
}

# link_node: a pair of interfaces, one on the machine and one in the node, on a /30 of their own. Where it is taken
# (another cluster, or another cache folder's) the next one is tried; creating the interface is the claim.
link_node() {
  local pid first try number
  pid=$(node_pid)
  # from a start that was interrupted
  in_node ip link delete "$NODE_LINK" 2>/dev/null || true
  first=$(($(printf '%s' "$CLUSTER" | cksum | cut -d ' ' -f 1) % 250))
  for try in {0..249}; do
    number=$(((first + try) % 250))
    if ip link add "sfn-$number" type veth peer name "$NODE_LINK" netns "$pid" 2>>"$LOG_DIR/node.log"; then break; fi
    ip link show "sfn-$number" >/dev/null 2>&1 || fail "no link to the node: $(tail -n 1 "$LOG_DIR/node.log")"
    [ "$try" -lt 249 ] || fail "no address is free for the node: 250 clusters run on this machine"
  done
  ip address add "$(machine_ip $number)/30" dev "sfn-$number"
  ip link set "sfn-$number" up
  in_node ip address add "$(node_ip $number)/30" dev "$NODE_LINK"
  in_node ip link set "$NODE_LINK" up
  in_node ip route add default via "$(machine_ip $number)"
  echo "$number" >"$CLUSTER_DIR/subnet"
}

make_cgroup() {
  local folder cgroup
  cgroup=$(node_cgroup "$(node_subnet)")
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    for folder in cpu cpuset memory pids hugetlb; do
      echo "+$folder" >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || true
    done
  fi
  while read -r folder; do mkdir -p "$folder/$cgroup"; done < <(cgroup_mounts)
}

cgroup_mounts() { awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/mounts; }

# remove_cgroup NAME: fails as long as there is something in it.
remove_cgroup() {
  local folder result=0
  while read -r folder; do
    [ -d "$folder/$1" ] || continue
    find "$folder/$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
    [ ! -d "$folder/$1" ] || result=1
  done < <(cgroup_mounts)
  return $result
}

# stop_node: ends the holder, waits until the kernel has cleared up, removes the cluster's folder.
stop_node() {
  local pid
  if pid=$(node_pid); then
    kill -KILL "$pid"
    # gone only when every process in its namespace is
    wait_until 30 process_gone "$pid" || fail "the processes of cluster $CLUSTER do not end; its first one is $pid"
  fi
  if [ -f "$CLUSTER_DIR/subnet" ]; then
    ip link delete "sfn-$(node_subnet)" 2>/dev/null || true
    wait_until 10 remove_cgroup "$(node_cgroup "$(node_subnet)")" ||
      fail "the control group $(node_cgroup "$(node_subnet)") cannot be removed"
  fi
  rm -rf "$CLUSTER_DIR"
}

process_gone() { [ ! -e "/proc/$1" ]; }
