#!/bin/sh
# Stands before rustc: our own crate and the fuzz targets get LLVM's coverage instrumentation, the rest is built as
# for the tests, and so is not built twice.
compiler=$1
shift
case " $* " in
  *" --crate-name podometer "*src/lib.rs* | *" fuzz_targets/"*)
    set -- "$@" --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
      -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
      -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=16 -Cdebuginfo=0
    ;;
esac
exec "$compiler" "$@"
