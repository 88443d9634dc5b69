# Builds the image of the Dockerfile without a registry or a daemon, and runs it as a cluster would.
# shellcheck shell=bash

IMAGE=localhost/podometer:ci
MAX_IMAGE_MIB=12

# What builds and runs images, and what reads the scripts of deploy.
install_image_tools() {
  install_missing shellcheck:shellcheck buildah:buildah podman:podman crun:crun findmnt:util-linux
}

# buildah and podman with a store of their own, and with what they need where there is no systemd.
image_environment() {
  local home=$CACHE/containers
  mkdir -p "$home/tmp"
  export TMPDIR=$home/tmp CONTAINERS_STORAGE_CONF=$home/storage.conf CONTAINERS_CONF=$home/containers.conf
  printf '[storage]\ndriver="overlay"\ngraphroot="%s"\nrunroot="%s"\n' "$home/root" "$home/run" >"$CONTAINERS_STORAGE_CONF"
  printf '[containers]\ndefault_ulimits=["nofile=1024:1024","nproc=1000:1000"]\ncgroups="disabled"\nnetns="host"\n[engine]\ncgroup_manager="cgroupfs"\nevents_logger="file"\n' \
    >"$CONTAINERS_CONF"
}

# A stand-in under the upstream image's name: empty, but for the places where this machine's compiler and libraries are
# mounted while the Dockerfile runs. The Dockerfile itself is the real one.
make_base_image() {
  local name container root
  name=$(sed -n 's/^ARG RUST_IMAGE=//p' Dockerfile)
  container=$(buildah from scratch)
  root=$(buildah mount "$container")
  mkdir -p "$root"/{usr,rust,cargo,tmp,proc,sys,dev,etc/ssl/certs}
  ln -s usr/bin usr/lib usr/lib64 usr/sbin "$root/"
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  # Which of several compilers is meant.
  cp -a /etc/alternatives "$root/etc/"
  buildah umount "$container" >/dev/null
  buildah config --env PATH=/rust/bin:/usr/bin --env CARGO_NET_OFFLINE=true "$container"
  buildah commit --quiet --rm "$container" "$name" >/dev/null
}

# The dependencies that this machine built in the same profile are found again: cargo's directory is the tree's own.
#   build_image PROFILE
build_image() {
  cargo fetch --locked
  make_base_image
  mkdir -p target
  buildah bud --isolation chroot --pull-never --network host \
    --volume /usr:/usr:ro --volume "$(rustc --print sysroot):/rust:ro" \
    --volume "${CARGO_HOME:-$HOME/.cargo}/registry:/cargo/registry" --volume "$PWD/target:/shared" \
    --build-arg "PROFILE=$1" --build-arg CARGO_CACHE=/cargo --build-arg TARGET_CACHE=/shared --tag "$IMAGE" .
  # What stood under these names before.
  buildah rmi --prune >/dev/null
}

# Runs it as the manifests do: not root, nothing to write to, no capability, no new privileges. The agent shows this
# machine's cgroups, read-only.
#   run_image ADDRESS
run_image() {
  mkdir -p "$TMPDIR/cgroup"
  # One that a broken run left.
  podman rm --force --ignore podometer-ci >/dev/null 2>&1 || true
  # crun refuses a host that has cgroup v2 beside v1, which is hidden from it alone.
  # shellcheck disable=SC2016
  unshare --mount --propagation private bash -ec '
    mount=$(findmnt --noheadings --output TARGET --types cgroup2 | head -n 1)
    mount --bind "${mount:?there is no cgroup2 mount}" "$TMPDIR/cgroup"
    case $mount in /sys/fs/cgroup/?*) umount "$mount" ;; esac
    exec podman run --pull=never --rm --name podometer-ci --network=host --read-only --read-only-tmpfs=false \
      --cap-drop=all --security-opt=no-new-privileges --volume "$TMPDIR/cgroup:/host/cgroup:ro" \
      --volume /proc:/host/proc:ro "$@"
  ' run-image "$IMAGE" agent --set "server.listen=$1" --set paths.cgroup=/host/cgroup --set paths.procfs=/host/proc
}

# Takes a file out of the image.
#   copy_from_image FROM TO
copy_from_image() {
  local container
  container=$(buildah from --pull-never "$IMAGE")
  cp "$(buildah mount "$container")$1" "$2"
  buildah rm "$container" >/dev/null
}

# Serves metrics as that user with those bounds, and is small: what the process is allowed is read from the kernel.
check_image() {
  local port log=$TMPDIR/agent.log pid page size field missing
  for port in {19758..19799}; do (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break; done
  run_image "127.0.0.1:$port" >"$log" 2>&1 &
  local container=$!
  # shellcheck disable=SC2064
  trap "kill $container 2>/dev/null || true" EXIT
  # What it has read of the node comes a moment after the first answer.
  for _ in {1..60}; do
    page=$(curl --silent --fail "http://127.0.0.1:$port/metrics" || true) missing=''
    for field in podometer_build_info machine_memory_bytes container_cpu_usage_seconds_total; do
      grep -q "^$field" <<<"$page" || missing=$field
    done
    [ -n "$missing" ] || break
    sleep 1
  done
  [ -z "$missing" ] || { cat "$log" >&2; echo "/metrics of the image lacks $missing" >&2; return 1; }
  pid=$(podman inspect --format '{{.State.Pid}}' podometer-ci)
  for field in 'Uid: 65532 65532' 'Gid: 65532 65532' 'CapEff: 0000000000000000' 'CapBnd: 0000000000000000' 'NoNewPrivs: 1'; do
    tr '\t' ' ' <"/proc/$pid/status" | grep -q "^$field" || { echo "the image's process is not: $field" >&2; return 1; }
  done
  # The root is the first mount of its own, and read-only.
  awk '$5 == "/" { print $6 }' "/proc/$pid/mountinfo" | grep -qE '^ro(,|$)' ||
    { echo "the image's root can be written to" >&2; return 1; }
  echo "scraped $(grep -c '^[a-z]' <<<"$page") samples as 65532, read-only, without capabilities"
  kill "$pid"
  wait "$container" || { cat "$log" >&2; echo "the image did not end well" >&2; return 1; }
  trap - EXIT
  size=$(podman image inspect --format '{{.Size}}' "$IMAGE")
  echo "image: $size bytes of profile ${IMAGE_PROFILE:-image}, at most $((MAX_IMAGE_MIB << 20)) of profile image"
  podman image inspect --format '{{range $name, $value := .Labels}}{{$name}}={{$value}}{{"\n"}}{{end}}' "$IMAGE"
  [ "$size" -le $((MAX_IMAGE_MIB << 20)) ] || [ "${IMAGE_PROFILE:-image}" != image ] ||
    { echo "the image has become too large" >&2; return 1; }
}
