#!/usr/bin/env bash
# Boots User Mode Linux and runs a payload in it: cpu, io, memory and pids controllers, one CPU, no PSI, about 2 s.
#   PODOMETER_LAB_CACHE=DIR tests/lab/uml.sh BINARIES PAYLOAD.sh
# BINARIES is a directory that the guest sees as /run/lab. The guest's console is stdout; its last line is
# `RESULT rc=N`. Needs root (a private mount namespace).
#   PODOMETER_LAB_MEMORY=512M   what the guest has
#   PODOMETER_LAB_SHOWN=DIR:... directories of this machine that the guest sees under their own names, read-only; but
#                               for those below /tmp, where it has a file system of its own: they are /guest/DIR of hostfs
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=${PODOMETER_LAB_CACHE:?names the directory that .ci/run fetches kernels into}/uml
BINARIES=$1 PAYLOAD=$2 INIT=$here/guest/init.sh BUSYBOX=$(command -v busybox)
CAGE=$(mktemp -d)
export ROOT BINARIES PAYLOAD INIT BUSYBOX CAGE
trap 'rmdir "$CAGE"' EXIT

# The inner shell's mounts vanish with its namespace.
# shellcheck disable=SC2016
timeout -k 2 "${PODOMETER_LAB_TIMEOUT:-120}" unshare -m --propagation private bash -euc '
mount -t tmpfs tmpfs "$CAGE"
cd "$CAGE"
mkdir -p lib/x86_64-linux-gnu lib64 proc dev/shm tmp guest/{bin,sbin,usr,etc,lib64,proc,sys,dev,run,tmp} lab
libraries=$ROOT/usr/lib/x86_64-linux-gnu
cp "$libraries"/{libc.so.6,libm.so.6,libgcc_s.so.1} lib/x86_64-linux-gnu/
cp "$libraries"/ld-linux-x86-64.so.2 lib64/
cp "$ROOT"/usr/bin/linux.uml linux
cp "$BUSYBOX" guest/bin/busybox
cp "$INIT" guest/init
chmod 755 guest/init
cp -r "$BINARIES"/. lab/
cp "$PAYLOAD" lab/payload.sh
truncate -s 64M disk
IFS=: read -ra shown <<<"${PODOMETER_LAB_SHOWN:-}"
for directory in "${shown[@]}"; do
  mkdir -p "guest$directory"
  mount --bind "$directory" "guest$directory"
done
mount -t proc proc proc
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/random c 1 8
mknod -m 600 guest/dev/console c 5 1
exec env -i PATH="$PATH" HOME=/tmp TMPDIR=/tmp chroot . /linux "mem=${PODOMETER_LAB_MEMORY:-512M}" rootfstype=hostfs rootflags=/guest ro init=/init \
  con=null con0=fd:0,fd:1 seccomp=auto quiet ubd0=/disk' </dev/null | tr -d '\r'
