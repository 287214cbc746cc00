# What clusters that do not run have left on the machine. Nothing, if `down` is right.
# shellcheck shell=bash

list_leftovers() {
  local dir links=() namespaces=() cgroups=()
  while read -r dir; do
    links+=("sfn-$(node_subnet "$dir")")
    cgroups+=("sfn-operator-$(node_subnet "$dir")")
    namespaces+=("$(readlink "/proc/$(node_pid "$dir")/ns/pid")")
  done < <(running_nodes)
  for dir in "$SFN_CACHE"/clusters/*/; do
    if [ -d "$dir" ] && ! node_pid "${dir%/}" >/dev/null; then echo "folder $dir"; fi
  done
  list_links | except "${links[@]}" | sed 's/^/network link /'
  list_cgroups | except "${cgroups[@]}" | sed 's/^/control group /'
  list_processes | except "${namespaces[@]}" | sed 's/^/process of namespace /'
  grep -F " $SFN_CACHE/clusters/" /proc/mounts | sed 's/^/mount /' || true
}

# running_nodes: the folders of all clusters that run on this machine, whatever their cache.
running_nodes() {
  grep -lzE '/lib/node-holder$' /proc/[0-9]*/cmdline 2>/dev/null | while read -r file; do
    tr '\0' '\n' <"$file" | tail -n 1
  done | sort -u
}

# except WORD...: the lines whose first word is none of these.
except() { awk -v words="$*" 'BEGIN { split(words, list, " "); for (i in list) known[list[i]] } !($1 in known)'; }

list_links() { ip -o link show type veth | awk -F '[ :@]+' '$2 ~ /^sfn-[0-9]+$/ {print $2}'; }

list_cgroups() {
  local folder
  while read -r folder; do
    find "$folder" -maxdepth 1 -type d -name 'sfn-operator-*' -printf "%f $folder\n"
  done < <(cgroup_mounts)
}

# The processes of other namespaces that mention a cluster's folder, each with its process namespace before it.
list_processes() {
  local pid own namespace
  own=$(readlink /proc/self/ns/pid)
  grep -lzF -- "$SFN_CACHE/clusters/" /proc/[0-9]*/cmdline 2>/dev/null | cut -d / -f 3 | while read -r pid; do
    namespace=$(readlink "/proc/$pid/ns/pid") || continue
    [ "$namespace" = "$own" ] || echo "$namespace $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c 1-100)"
  done
}
