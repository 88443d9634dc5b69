# Steps beside others, when nobody else wants the processor: what compiles, beside what waits.
# shellcheck shell=bash

BESIDE=$CACHE/beside

# The outermost run ends what it began and did not wait for.
begin_beside() {
  [ -z "${PODOMETER_CI_BESIDE:-}" ] || return 0
  rm -rf "$BESIDE"
  trap end_beside EXIT
}

# Starts a step by a command that takes its priority away. It begins once a line of FILE matches, so that cargo has given
# the directory free.
#   start_beside NAME COMMAND [FILE PATTERN]
start_beside() {
  local name=$1 yielding=$2 file=${3:-/dev/null} pattern=${4:-}
  rm -rf "${BESIDE:?}/$name"
  mkdir -p "$BESIDE/$name"
  # A process group of its own can be ended as a whole; of another session it would share the processors evenly.
  set -m
  (
    set +m
    until [ -z "$pattern" ] || grep -q "$pattern" "$file"; do sleep 1; done
    status=0
    # shellcheck disable=SC2086
    PODOMETER_CI_BESIDE=$name $yielding .ci/run "$name" >"$BESIDE/$name/log" 2>&1 </dev/null || status=$?
    echo "$status" >"$BESIDE/$name/status"
  ) &
  set +m
  echo $! >"$BESIDE/$name/group"
}

# Shows what a step said; its status.
await_beside() {
  local here=$BESIDE/$1
  [ -e "$here/group" ] || { echo "$1 was not begun: it is beside a step before this one" >&2; return 1; }
  until [ -e "$here/status" ]; do
    [ -d "/proc/$(cat "$here/group")" ] || [ -e "$here/status" ] || { echo "$1 was ended" >&2; return 1; }
    sleep 1
  done
  cat "$here/log"
  return "$(cat "$here/status")"
}

end_beside() {
  local here
  for here in "$BESIDE"/*/; do
    [ -e "$here/status" ] || [ ! -e "$here/group" ] || kill -- "-$(cat "$here/group")" 2>/dev/null || true
  done
}
