#!/usr/bin/env bash
# The images that docker-compose.yml names, where no registry can be reached: stand-ins with the same
# contract, from Debian packages and the locked broker jars. A real image that is present or can be pulled
# is never replaced. Needs root, debootstrap, and the project's own environment (`make .venv/ready`).
# Without arguments all of them; `deploy/images.sh kafka python` is enough for the profiles but `observe`.
set -euo pipefail
cd "$(dirname "$0")/.."

MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
DEBIAN=newsloom-standin/debian:bookworm
declare -A IMAGES=([kafka]=apache/kafka:4.3.1 [python]=python:3.11-slim [prometheus]=prom/prometheus:v3.5.0)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

say() { printf '%4ss  %s\n' "$SECONDS" "$*"; }

have() {  # the real image, or our stand-in
  docker image inspect "$1" >/dev/null 2>&1 || timeout 20 docker pull --quiet "$1" >/dev/null 2>&1
}

debian() {
  docker image inspect "$DEBIAN" >/dev/null 2>&1 && return
  say "debootstrap $MIRROR"
  debootstrap --variant=minbase bookworm "$WORK/root" "$MIRROR" >"$WORK/debootstrap.log" 2>&1 || { tail -5 "$WORK/debootstrap.log" >&2; return 1; }
  tar -C "$WORK/root" --exclude='./var/cache/apt/archives/*.deb' -c . | docker import - "$DEBIAN" >/dev/null
  rm -rf "$WORK/root"
}

build() {  # NAME: from the context in $WORK/NAME
  say "build ${IMAGES[$1]}"
  docker_build "${IMAGES[$1]}" "deploy/standins/$1.Dockerfile" "$WORK/$1"
}

docker_build() {  # TAG DOCKERFILE CONTEXT; the host's network, since a name server or proxy may be its own
  docker build --quiet --network host --tag "$1" --file "$2" "$3" >"$WORK/build.log" 2>&1 || { tail -20 "$WORK/build.log" >&2; return 1; }
}

kafka() {
  mkdir -p "$WORK/kafka/libs"
  .venv/bin/python -c 'from streams.local.jars import ensure_jars; from streams.settings import Settings
for jar in ensure_jars(Settings(), lambda _: None): print(jar)' | xargs -I{} cp {} "$WORK/kafka/libs/"
  cp deploy/standins/kafka-run "$WORK/kafka/run"
  build kafka
}

python() {
  mkdir -p "$WORK/python/certificates"
  cp /usr/local/share/ca-certificates/*.crt "$WORK/python/certificates/" 2>/dev/null || touch "$WORK/python/certificates/none"
  build python
}

prometheus() {
  mkdir -p "$WORK/prometheus"
  build prometheus
}

(($#)) || set -- kafka python prometheus
for name in "$@"; do
  if have "${IMAGES[$name]}"; then say "${IMAGES[$name]} is there"; else debian; "$name"; fi
done
say "build newsloom"
docker_build "newsloom:${NEWSLOOM_VERSION:-local}" deploy/Dockerfile .
docker images --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep -E '^(apache/kafka|python|prom/prometheus|newsloom)' | sort
say "done"
