#!/usr/bin/env bash
# compose.yaml, as far as it can be shown without a Docker engine.
set -euo pipefail
# shellcheck source=tests/deploy/tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

export MAMPARO_BINARY=${MAMPARO_BINARY:-$repo/build/gcc/mamparo}
[[ -x $MAMPARO_BINARY ]] || skip "there is no $MAMPARO_BINARY; tests/run.sh gcc makes it"
pytest "$repo/tests/deploy/test_compose.py"
