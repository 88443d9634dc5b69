#!/usr/bin/env bash
# Boots a distribution kernel in QEMU and runs a payload in it: every controller, PSI, two CPUs, about 5 s.
#   PODOMETER_LAB_CACHE=DIR tests/lab/qemu.sh BINARIES PAYLOAD.sh
# BINARIES is a directory of static programs that the guest sees as /run/lab. The guest's console is stdout;
# its last line is `RESULT rc=N`. Never uses KVM: nested and foreign hypervisors die in it silently.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kernels=${PODOMETER_LAB_CACHE:?names the directory that .ci/run fetches kernels into}/kernel
kernel=$(compgen -G "$kernels/boot/vmlinuz-*" | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work"/root/{bin,proc,sys,dev,tmp,run/lab}
cp "$(command -v busybox)" "$work/root/bin/busybox"
cp "$here/guest/init.sh" "$work/root/init"
chmod 755 "$work/root/init"
cp -r "$1"/. "$work/root/run/lab/"
cp "$2" "$work/root/run/lab/payload.sh"
find "$kernels" -name 'virtio_blk.ko*' | head -n 1 | while read -r module; do
  case $module in
    *.xz) xz -dc "$module" ;;
    *) cat "$module" ;;
  esac >"$work/root/run/lab/virtio_blk.ko"
done
(cd "$work/root" && find . | cpio --quiet -o -H newc) | gzip -1 >"$work/initrd.gz"
truncate -s 64M "$work/disk"

# Without cx16: the emulator's cmpxchg16b has corrupted a booting kernel here. One that dies all the same before its
# first process is started again; from then on whatever happens is the payload's and stands.
for _ in 1 2 3; do
  timeout -k 2 "${PODOMETER_LAB_TIMEOUT:-200}" qemu-system-x86_64 -machine q35 -accel tcg,thread=multi \
    -cpu max,-cx16 -smp 2 -m 512 -nographic -no-reboot -nodefaults -serial stdio \
    -drive "file=$work/disk,if=virtio,format=raw" -kernel "$kernel" -initrd "$work/initrd.gz" \
    -append "console=ttyS0 quiet panic=-1 psi=1" </dev/null | tr -d '\r' >"$work/console" || true
  if grep -aq '^GUEST up' "$work/console"; then break; fi
  echo "the guest did not boot:" >&2
  tail -n 20 "$work/console" >&2
done
cat "$work/console"
