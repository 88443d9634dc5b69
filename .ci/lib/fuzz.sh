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

# Each target for SECONDS; its corpus grows in fuzz/corpus, what breaks it is left in fuzz/artifacts.
run_fuzz_targets() {
  local seconds=$1 name
  shift
  local names=("$@")
  [ $# -gt 0 ] || mapfile -t names < <(fuzz_targets)
  for name in "${names[@]}"; do
    mkdir -p "fuzz/corpus/$name" "fuzz/artifacts/$name"
    echo "fuzzing $name for $seconds s"
    local seeds=()
    [ -d "fuzz/seeds/$name" ] && seeds=("fuzz/seeds/$name")
    local log=fuzz/artifacts/$name/log status=0
    "target/debug/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
      -max_len=65536 -print_final_stats=1 -verbosity=0 -artifact_prefix="fuzz/artifacts/$name/" \
      "fuzz/corpus/$name" "${seeds[@]}" >"$log" 2>&1 || status=$?
    if [ "$status" -ne 0 ]; then
      tail -n 40 "$log"
      echo "fuzz target $name failed: see fuzz/artifacts/$name" >&2
      return 1
    fi
    grep -E 'stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)' "$log"
  done
}
