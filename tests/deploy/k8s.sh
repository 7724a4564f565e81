#!/usr/bin/env bash
# The manifests of k8s/, rendered by kubectl and looked at by two validators and our own promises; and
# the program run with the settings that they give it.
set -euo pipefail
# shellcheck source=tests/deploy/tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

need_tools k8s/kval.mjs k8s/monokle.mjs
need_commands kubectl node npm

export MAMPARO_DEPLOY_NODE=$work/node
packages=(
    kubernetes-models@4.5.1 @kubernetes/client-node@2.0.1 @monokle/validation@0.33.0 js-yaml@5.5.0
    yaml@2.9.1)
if [[ ! -e $MAMPARO_DEPLOY_NODE/whole ]]; then
    mkdir -p "$MAMPARO_DEPLOY_NODE"
    npm install --prefix "$MAMPARO_DEPLOY_NODE" --silent --no-audit --no-fund "${packages[@]}" ||
        skip "npm cannot get ${packages[*]}"
    touch "$MAMPARO_DEPLOY_NODE/whole"
fi
pytest "$repo/tests/deploy/test_k8s.py"
export MAMPARO_BINARY=${MAMPARO_BINARY:-$repo/build/gcc/mamparo}
[[ -x $MAMPARO_BINARY ]] || skip "test_pods.py: there is no $MAMPARO_BINARY; tests/run.sh gcc makes it"
need_commands ss
pytest "$repo/tests/deploy/test_pods.py"
