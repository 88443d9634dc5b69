# Brings the neighbours that the tests talk to. Nothing here starts a service: servers are unpacked, not installed.
# shellcheck shell=bash

# Downloads packages of any Debian suite and unpacks them below a directory; leaves the system's apt alone.
#   unpack_suite SUITE DIRECTORY PACKAGE...
unpack_suite() {
  local suite=$1 into=$2 state uri deb
  shift 2
  state=$(mktemp -d)
  mkdir -p "$state/lists/partial" "$state/sources" "$state/debs" "$into"
  uri=$(debian_mirror)
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
    "$uri" "$suite" >"$state/sources/suite.sources"
  local apt=(-o "Dir::State::lists=$state/lists" -o Dir::Etc::sourcelist=/dev/null
    -o "Dir::Etc::sourceparts=$state/sources" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Sandbox::User=root)
  apt-get "${apt[@]}" update -qq
  local names=() name
  for name in "$@"; do
    # A meta package names the versioned package it stands for; take that one.
    case $name in
      meta:*) names+=("$(apt-cache "${apt[@]}" depends --important "${name#meta:}" | sed -n 's/^ *Depends: *//p' | head -n 1)") ;;
      *) names+=("$name") ;;
    esac
  done
  (cd "$state/debs" && apt-get "${apt[@]}" download -qq "${names[@]}")
  for deb in "$state"/debs/*.deb; do dpkg -x "$deb" "$into"; done
  rm -rf "$state"
}

# The mirror that this machine already uses, from apt's own index.
debian_mirror() {
  local codename uri
  # shellcheck disable=SC1091
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:?}")
  # shellcheck disable=SC2016
  uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $codename" | head -n 1)
  [ -n "$uri" ] || { echo "apt knows no mirror for $codename: run apt-get update" >&2; return 1; }
  echo "$uri"
}

# Installs what is missing: NAME-OF-COMMAND:PACKAGE pairs.
install_missing() {
  local pair wanted=()
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || wanted+=("${pair#*:}")
  done
  [ ${#wanted[@]} -eq 0 ] && return 0
  echo "installing ${wanted[*]}"
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
    install -qq -y --no-install-recommends "${wanted[@]}" >/dev/null
}

# The system packages: compilers, an emulator and what packs its disk.
install_system() {
  [ -n "$(debian_mirror 2>/dev/null)" ] || apt-get -o DPkg::Lock::Timeout=300 update -qq
  install_missing cc:gcc c++:g++ curl:curl cpio:cpio busybox:busybox-static xz:xz-utils gzip:gzip \
    qemu-system-x86_64:qemu-system-x86 ip:iproute2 dmsetup:dmsetup mkfs.ext4:e2fsprogs javac:default-jdk-headless mvn:maven \
    git:git python3:python3
}

# The servers of other projects, unpacked below $CACHE/tools; PATH finds them there unless the system has its own.
fetch_neighbours() {
  local tools=$CACHE/tools missing=() pair
  for pair in influxd:influxdb influx:influxdb-client promtool:prometheus \
    victoria-metrics:victoria-metrics prometheus-pushgateway:prometheus-pushgateway nginx:nginx; do
    PATH=$PATH:$tools/usr/bin:$tools/usr/sbin command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    echo "unpacking ${missing[*]}"
    # shellcheck disable=SC1091
    unpack_suite "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$tools" "${missing[@]}"
  fi
  for pair in influxd influx promtool prometheus victoria-metrics prometheus-pushgateway nginx; do
    PATH=$PATH:$tools/usr/bin:$tools/usr/sbin command -v "$pair" >/dev/null ||
      { echo "still missing: $pair" >&2; return 1; }
  done
  # Newer ones beside them: this Debian's speak neither remote write 2.0 nor OTLP.
  fetch_jolokia && fetch_kubectl && fetch_schemas && fetch_grafana && fetch_newer prometheus3 prometheus && fetch_newer victoria-metrics-sid victoria-metrics
}

# The agent that shows a JVM's beans over HTTP, which no distribution packs.
fetch_jolokia() {
  local into=$CACHE/tools/jolokia artifact=org.jolokia:jolokia-agent-jvm:2.1.2:jar:javaagent
  if ! compgen -G "$into/*.jar" >/dev/null; then
    echo "fetching $artifact"
    mvn -q -B dependency:copy "-Dartifact=$artifact" "-DoutputDirectory=$into"
  fi
}

# What builds the manifests; this Debian's is too old to.
fetch_kubectl() {
  PATH=$PATH:$CACHE/tools/usr/bin command -v kubectl >/dev/null && return 0
  echo "unpacking kubectl of trixie"
  # By its suite: a machine may have a newer one of elsewhere in its books.
  unpack_suite trixie "$CACHE/tools" kubectl/trixie
  [ -x "$CACHE/tools/usr/bin/kubectl" ] || { echo "still missing: kubectl" >&2; return 1; }
}

# The schemas of each Kubernetes version, and what reads them.
fetch_schemas() {
  local into=$CACHE/kubernetes-validate
  [ -d "$into/kubernetes_validate" ] && return 0
  echo "fetching kubernetes-validate"
  python3 -m pip --version >/dev/null 2>&1 || install_missing python3-pip:python3-pip
  rm -rf "$into" "$into.part"
  python3 -m pip install -q --disable-pip-version-check --root-user-action ignore --target "$into.part" kubernetes-validate==1.37.0
  mv "$into.part" "$into"
}

# Grafana's own types, and what holds the dashboards against them.
fetch_grafana() {
  local into=$CACHE/grafana
  mkdir -p "$into/check"
  cmp -s deploy/grafana/check/package.json "$into/check/installed.json" && return 0
  echo "fetching Grafana's types"
  install_missing node:nodejs npm:npm
  cp deploy/grafana/check/package.json "$into/check/"
  (cd "$into/check" && npm install --silent --ignore-scripts --legacy-peer-deps --no-audit --no-fund)
  cp deploy/grafana/check/package.json "$into/check/installed.json"
}

# A server of another age than the distribution's, unpacked below $CACHE.
#   fetch_newer DIRECTORY PACKAGE
fetch_newer() {
  [ -x "$CACHE/$1/usr/bin/$2" ] && return 0
  echo "unpacking $2 of sid"
  rm -rf "${CACHE:?}/$1" "$CACHE/$1.part"
  unpack_suite sid "$CACHE/$1.part" "$2"
  mv "$CACHE/$1.part" "$CACHE/$1"
  [ -x "$CACHE/$1/usr/bin/$2" ] || { echo "still missing: $2 of sid" >&2; return 1; }
}

# Two kernels with every cgroup v2 controller: User Mode Linux (fast) and a distribution kernel for the emulator (PSI).
fetch_kernels() {
  if [ ! -x "$CACHE/uml/usr/bin/linux.uml" ]; then
    rm -rf "$CACHE/uml"
    unpack_suite sid "$CACHE/uml.part" user-mode-linux libc6 libgcc-s1
    mv "$CACHE/uml.part" "$CACHE/uml"
  fi
  if ! compgen -G "$CACHE/kernel/boot/vmlinuz-*" >/dev/null; then
    rm -rf "$CACHE/kernel"
    unpack_suite trixie "$CACHE/kernel.part" meta:linux-image-cloud-amd64
    mv "$CACHE/kernel.part" "$CACHE/kernel"
  fi
}
