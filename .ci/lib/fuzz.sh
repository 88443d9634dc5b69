# Builds and runs the fuzz targets on the stable toolchain, without cargo-fuzz: the coverage instrumentation is
# LLVM's and needs no unstable flag. (`RUSTC_BOOTSTRAP=1 cargo fuzz run TARGET` works too, with a sanitizer.)
# shellcheck shell=bash

fuzz_targets() {
  sed -n 's/^path = "fuzz_targets\/\(.*\)\.rs"$/\1/p' fuzz/Cargo.toml
}

# Shares the target directory of the tests: dependencies are the same there.
build_fuzz_targets() {
  RUSTC_WRAPPER=$PWD/.ci/lib/instrument.sh \
    cargo build --locked --manifest-path fuzz/Cargo.toml --target-dir target --bins
}

# Each target for SECONDS, as many at a time as there are cores; its corpus grows in fuzz/corpus, what breaks it is
# left in fuzz/artifacts. One that fails ends the others.
#   run_fuzz_targets SECONDS [NAME...]
run_fuzz_targets() {
  local seconds=$1 name cores
  shift
  local names=("$@") running=() processes=()
  [ $# -gt 0 ] || mapfile -t names < <(fuzz_targets)
  cores=$(nproc)
  echo "fuzzing ${#names[@]} targets for $seconds s each, $cores at a time"
  for name in "${names[@]}"; do
    [ ${#processes[@]} -lt "$cores" ] || await_fuzz_target || return 1
    start_fuzz_target "$name" "$seconds"
    running+=("$name") processes+=($!)
  done
  while [ ${#processes[@]} -gt 0 ]; do
    await_fuzz_target || return 1
  done
}

start_fuzz_target() {
  local name=$1 seconds=$2 seeds=()
  mkdir -p "fuzz/corpus/$name" "fuzz/artifacts/$name"
  [ -d "fuzz/seeds/$name" ] && seeds=("fuzz/seeds/$name")
  # The job becomes the target itself, so that it can be ended.
  (exec "target/debug/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -max_len=65536 -print_final_stats=1 -verbosity=0 -artifact_prefix="fuzz/artifacts/$name/" \
    "fuzz/corpus/$name" "${seeds[@]}") >"fuzz/artifacts/$name/log" 2>&1 &
}

# Takes the oldest out of the caller's `running` and `processes`, once it has ended: its statistics in a line, or the
# end of its log. All run equally long, so the oldest is as good as the next; and `wait -n` may miss one that ended
# while another was looked at.
await_fuzz_target() {
  local name=${running[0]} status=0
  local log=fuzz/artifacts/$name/log
  wait "${processes[0]}" || status=$?
  running=("${running[@]:1}") processes=("${processes[@]:1}")
  if [ "$status" -ne 0 ]; then
    # One of them may have ended just now.
    [ ${#processes[@]} -eq 0 ] || kill "${processes[@]}" 2>/dev/null || true
    tail -n 40 "$log"
    echo "fuzz target $name failed (status $status): see fuzz/artifacts/$name" >&2
    return 1
  fi
  printf '%-18s %10s executions, %7s a second, %5s MB at most\n' "$name" \
    "$(fuzz_figure "$log" number_of_executed_units)" "$(fuzz_figure "$log" average_exec_per_sec)" \
    "$(fuzz_figure "$log" peak_rss_mb)"
}

fuzz_figure() { sed -n "s/^stat::$2: *//p" "$1"; }
