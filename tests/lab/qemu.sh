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

timeout -k 2 "${PODOMETER_LAB_TIMEOUT:-200}" qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu max \
  -smp 2 -m 512 -nographic -no-reboot -nodefaults -serial stdio \
  -drive "file=$work/disk,if=virtio,format=raw" -kernel "$kernel" -initrd "$work/initrd.gz" \
  -append "console=ttyS0 quiet panic=-1 psi=1" </dev/null | tr -d '\r'
