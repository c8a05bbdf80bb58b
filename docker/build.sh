#!/usr/bin/env bash
# Build the image fanout:latest with Docker, or with buildah where no Docker engine answers.
set -euo pipefail
cd "$(dirname "$0")/.."
image=${IMAGE:-fanout:latest}
if docker info >/dev/null 2>&1; then
    docker build --build-arg "OBJECT_STORE=${OBJECT_STORE:-}" --file docker/Dockerfile --tag "$image" .
elif command -v buildah >/dev/null; then
    # Without an engine: no daemon, no user namespaces (as root), plain copies of layers.
    export STORAGE_DRIVER=${STORAGE_DRIVER:-vfs}
    buildah bud --isolation chroot --pull-never --layers=false --build-arg "OBJECT_STORE=${OBJECT_STORE:-}" --file docker/Dockerfile --tag "$image" . 2>&1 \
        || { echo "buildah could not build $image; is its base there (buildah pull debian:bookworm-slim)?" >&2; exit 1; }
else
    echo "neither a Docker engine nor buildah is here; install one: apt install buildah" >&2
    exit 2
fi
echo "built $image"
