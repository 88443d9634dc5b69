# shellcheck shell=sh
# What the scripts of this directory share: how they fail, and how a dry run touches nothing.

DRY_RUN=false

# Says what went wrong and ends with code 1.
fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 1
}

# Says what was typed wrongly and ends with code 64.
misused() {
  printf '%s: %s\ntry %s --help\n' "${0##*/}" "$1" "${0##*/}" >&2
  exit 64
}

# Fails unless the command is there. A dry run needs none.
need() {
  "$DRY_RUN" || command -v "$1" >/dev/null 2>&1 || fail "$1 is not installed, or not in PATH"
}

# An option's value: fails where there is none.
#   value OPTION COUNT_OF_ARGUMENTS_LEFT
value() {
  [ "$2" -ge 2 ] || misused "$1 needs a value"
}

# Does it, or prints it as it could be typed.
run() {
  if "$DRY_RUN"; then
    printf '%s\n' "$(quoted "$@")"
  else
    "$@"
  fi
}

# Words as a shell would read them back.
quoted() {
  words=
  for word in "$@"; do
    case $word in
      *[!A-Za-z0-9_./:=,@%+-]* | '') word="'$(printf '%s' "$word" | sed "s/'/'\\\\''/g")'" ;;
    esac
    words="$words${words:+ }$word"
  done
  printf '%s' "$words"
}

# A name that Kubernetes takes, out of any text: lower case letters, digits and dashes, at most 50 of them.
object_name() {
  printf '%s' "$1" | tr '[:upper:]' '[:lower:]' | tr -c 'a-z0-9' '-' | cut -c 1-50 | sed 's/^-*//; s/-*$//'
}

# The name of the load test of a file or profile.
test_name() {
  base=${1##*/}
  name=$(object_name "load-${base%.*}")
  [ "$name" != load ] || misused "$1 gives no name for a Job; rename the file"
  printf '%s' "$name"
}

# Fails where the namespace is not there, or cannot be seen.
need_namespace() {
  "$DRY_RUN" && return 0
  kubectl get namespace "$1" -o name >/dev/null || fail "namespace $1: not there, or the cluster cannot be asked"
}
