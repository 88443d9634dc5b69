#!/bin/busybox sh
# PID 1 of both guests: mounts what a node has, runs the payload, says how it ended, powers off.
# The payload is /run/lab/payload.sh; binaries lie beside it. Everything printed goes to the console.
b=/bin/busybox
export PATH=/run/lab:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev 2>/dev/null
if ! [ -e /run/lab/payload.sh ]; then # User Mode Linux: the directory is the host's, shown by hostfs
  $b mount -t tmpfs run /run
  $b mkdir /run/lab
  $b mount -t hostfs -o /lab,ro none /run/lab
fi
$b mount -t tmpfs tmp /tmp
for module in /run/lab/*.ko; do [ -e "$module" ] && $b insmod "$module"; done
$b ip link set lo up
$b dmesg -n 1 # the kernel's own lines would fall between the payload's
$b mount -t cgroup2 none /sys/fs/cgroup
for controller in cpu io memory pids; do echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control; done
for disk in /dev/vda /dev/ubda; do [ -b $disk ] && $b ln -s $disk /run/disk; done
echo # ends what the firmware left on the line
echo GUEST up
$b sh /run/lab/payload.sh </dev/null
echo "RESULT rc=$?"
$b sync
$b poweroff -f
