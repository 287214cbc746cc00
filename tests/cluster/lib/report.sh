# What the scripts say, how they wait and how they fail.
# shellcheck shell=bash

# say TEXT...: one line of progress on standard error (standard output is for results).
say() { printf '%s\n' "$*" >&2; }

# fail TEXT...: the reason on standard error, then exit 1.
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# now_ms: milliseconds since the epoch.
now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# seconds_since START_MS: elapsed time as "12.3 s".
seconds_since() {
  local ms=$(($(now_ms) - $1))
  printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# show_log_end NAME FILE: the last lines of a log, indented, for a failure message.
show_log_end() {
  [ -s "$2" ] || { say "  (the log of $1 is empty: $2)"; return 0; }
  say "  last lines of $2:"
  tail -n 20 "$2" | cut -c 1-400 | sed 's/^/    /' >&2
}

# logged NAME LOG COMMAND...: runs a step with its output in LOG; on failure names it and shows the end of its log.
# No condition around it, since bash ignores `set -e` in whatever a condition calls.
logged() {
  local name=$1 log=$2 status
  shift 2
  mkdir -p "$(dirname "$log")"
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1 </dev/null
  status=$?
  set -e
  [ $status -ne 0 ] || return 0
  show_log_end "$name" "$log"
  fail "$name failed"
}

# timed NAME LOG COMMAND...: a step that takes long; says that it begins and how long it took.
timed() {
  local start
  start=$(now_ms)
  say "  $1 ..."
  logged "$@"
  say "  $1: $(seconds_since "$start")"
}

# wait_until LIMIT_SECONDS COMMAND...: runs COMMAND until it succeeds; 1 when the limit is reached.
wait_until() {
  local end=$(($(now_ms) + $1 * 1000))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(now_ms)" -lt "$end" ] || return 1
    sleep 0.1
  done
}

# close_inherited_files: a server must not hold its starter's pipes and locks open
# (make's job server, a test's output pipe, our own build lock).
close_inherited_files() {
  local file number
  for file in /proc/self/fd/*; do
    number=${file##*/}
    # 255 is the script that bash is reading
    if [ "$number" -gt 2 ] && [ "$number" -ne 255 ]; then eval "exec $number>&-"; fi
  done
}
