#!/usr/bin/env bash
# Bakes an image on which packages and release already are, so that a server boots in seconds: a machine
# boots Debian 12 with gce.sh in the role "bake", says that it is done, and its disk becomes the image.
#
#   startup/bake.sh <project> <zone> <subnet> <gs://bucket/release.tar.gz> <sha256> [<service account>]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
machine=mamparo-bake-$$
image=mamparo-$(date +%Y%m%d-%H%M%S)
patience_s=600

usage() {
    sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 64
}

cloud() {
    gcloud --quiet --project "$project" compute "$@" --zone "$zone"
}

main() {
    (($# == 5 || $# == 6)) || usage
    project=$1 zone=$2
    trap 'cloud instances delete "$machine" >/dev/null 2>&1 || true' EXIT
    cloud instances create "$machine" --machine-type e2-small --no-address --subnet "$3" \
        --image-family debian-12 --image-project debian-cloud --shielded-secure-boot \
        --scopes cloud-platform ${6:+--service-account "$6"} \
        --metadata "server-type=bake,mamparo-release=$4,mamparo-release-sha256=$5" \
        --metadata-from-file "startup-script=$here/gce.sh"
    await_done
    cloud instances stop "$machine"
    gcloud --quiet --project "$project" compute images create "$image" \
        --source-disk "$machine" --source-disk-zone "$zone" --family mamparo
    echo "baked: image = \"projects/$project/global/images/$image\""
}

await_done() {
    local said
    while ((SECONDS < patience_s)); do
        said=$(cloud instances get-serial-port-output "$machine" 2>/dev/null | grep -o 'mamparo: .*' || true)
        case $said in
        *"mamparo: done: baked"*) return ;;
        *"mamparo: NOT STARTED"*) break ;;
        esac
        sleep 5
    done
    printf 'bake.sh: the machine was not baked; it said:\n%s\n' "${said:-nothing}" >&2
    return 1
}

main "$@"
