#!/usr/bin/env bash
# Everything about the deployment that can be shown without a cloud: a stage for each script beside
# this one. Those whose tools are not at hand are skipped, and say so.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
order=(compose startup k8s image terraform runbook boot autoscale)
long=(terraform runbook boot autoscale) # minutes

usage() {
    cat <<END
tests/deploy/run.sh [--long] [stage…]      all of them, or just those

  compose    compose.yaml: its settings, secrets and addresses
  startup    the systemd unit, the release, the image's baking, and what a wrong system is told
  k8s        the manifests of k8s/, rendered, and mistakes planted in them; their pods' flows
  image      the Dockerfile, built by podman, and every role run from it
  terraform  validated, planned, applied to a stand-in, and mistakes planted in it
  runbook    docs/operations.md, as far as it needs no cloud
  boot       the boot script in virtual machines
  autoscale  a group of gateways on such machines: it grows, heals, is replaced, shrinks

  --long     what takes minutes as well: the last four, where nobody names them
END
}

main() {
    local stage stages=() words=()
    for stage in "$@"; do
        case $stage in
        -h | --help)
            usage
            return
            ;;
        --long) words+=(--long) ;;
        *)
            [[ -x $here/$stage.sh && " ${order[*]} " == *" $stage "* ]] || {
                usage >&2
                exit 64
            }
            stages+=("$stage")
            ;;
        esac
    done
    ((${#stages[@]} > 0)) || for stage in "${order[@]}"; do
        if ((${#words[@]} > 0)) || [[ " ${long[*]} " != *" $stage "* ]]; then
            stages+=("$stage")
        else
            printf -- '-- %s: takes minutes, so only with --long or by its name\n' "$stage"
        fi
    done
    for stage in "${stages[@]}"; do
        if [[ -x $here/$stage.sh ]]; then
            printf '\n-- %s\n' "$stage"
            "$here/$stage.sh" "${words[@]}"
        fi
    done
}

main "$@"
