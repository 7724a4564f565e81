#!/usr/bin/env bash
# The image: built by podman upon a stand-in for Debian's, its size and hardening looked at, every
# role run from it. Making the stand-in takes minutes, so that is left to --long; it is then kept.
set -euo pipefail
# shellcheck source=tests/deploy/tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

base=docker.io/library/debian:bookworm-slim
export MAMPARO_IMAGE=localhost/mamparo:test MAMPARO_BASE_IMAGE=$base
export CONTAINERS_CONF=$tools/image/containers.conf

need_tools image/mkbase.sh image/containers.conf
need_commands podman runc readelf

engine() {
    podman --storage-driver overlay "$@"
}

make_base() {
    need_commands mmdebstrap
    (cd "$work" && "$tools/image/mkbase.sh" base.tar)
    engine import "$work/base.tar" "$base"
}

if ! engine image exists "$base"; then
    [[ ${1:-} == --long ]] || skip "there is no stand-in for $base yet; with --long it is made"
    make_base
fi
revision=$(git -C "$repo" rev-parse HEAD)
# Without the format the health check would be left out, without a word.
engine build --format docker --isolation chroot --pull=never --tag "$MAMPARO_IMAGE" \
    --label "org.opencontainers.image.revision=$revision" "$repo" >"$work/image.log" 2>&1 || {
    tail -n 40 "$work/image.log" >&2
    exit 1
}
pytest "$repo/tests/deploy/test_image.py"
