#!/usr/bin/env bash
# Every chapter of docs/operations.md that needs no cloud, rehearsed with real processes: PostgreSQL with
# TLS and an archived log, Redis with AUTH, HAProxy before two gateways and two write servers, three
# replicas, and secrets.sh over a stand-in gcloud. Debian's Prometheus, unpacked beside, looks at the alerts.
set -euo pipefail
# shellcheck source=tests/deploy/tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

export MAMPARO_BINARY=${MAMPARO_BINARY:-$repo/build/gcc/mamparo}
[[ -x $MAMPARO_BINARY ]] || skip "there is no $MAMPARO_BINARY; tests/run.sh gcc makes it"
need_commands haproxy openssl redis-server
export MAMPARO_PROMETHEUS=$work/prometheus/usr/bin/prometheus
if [[ ! -x $MAMPARO_PROMETHEUS ]]; then
    rm -rf "$work/prometheus.deb"
    mkdir "$work/prometheus.deb"
    (cd "$work/prometheus.deb" && apt-get download -qq prometheus 2>/dev/null) ||
        skip "apt-get cannot get prometheus"
    dpkg --extract "$work"/prometheus.deb/*.deb "$work/prometheus"
fi
pytest "$repo/tests/deploy/runbook"
