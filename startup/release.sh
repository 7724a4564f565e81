#!/usr/bin/env bash
# Packs a release: the program, stripped, and the models. The servers of GCE run it (gce.sh).
#
#   startup/release.sh [<file>]      default: mamparo.tar.gz; RELEASE_BINARY names a program already built
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
file=${1:-mamparo.tar.gz}
young=$(mktemp -d)
trap 'rm -rf "$young"' EXIT

binary=${RELEASE_BINARY:-}
if [[ -z $binary ]]; then
    cmake -S "$repo" -B "$repo/build/release" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
    cmake --build "$repo/build/release" --target mamparo -- --quiet
    binary=$repo/build/release/mamparo
fi
install -m 0755 "$binary" "$young/mamparo"
strip "$young/mamparo"
cp -r "$repo/models" "$young/models"

# The same content makes the same archive, whoever packs it and when.
tar -C "$young" --sort=name --owner=0 --group=0 --numeric-owner --mode=a+rX,go-w --mtime=@0 -c mamparo models |
    gzip -9n >"$file.new"
mv "$file.new" "$file"
sha256sum "$file"
