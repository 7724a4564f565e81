#!/usr/bin/env bash
# What startup/ gives a server of Google Cloud, as far as it shows without one: the systemd unit, the
# release, the image's baking, and a system that the boot script does not know.
set -euo pipefail
# shellcheck source=tests/deploy/tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

export MAMPARO_BINARY=${MAMPARO_BINARY:-$repo/build/gcc/mamparo}
[[ -x $MAMPARO_BINARY ]] || skip "there is no $MAMPARO_BINARY; tests/run.sh gcc makes it"
need_commands systemd-analyze unshare
((EUID == 0)) || skip "a system of another name is shown by root only"
pytest "$repo/tests/deploy/test_startup.py"
