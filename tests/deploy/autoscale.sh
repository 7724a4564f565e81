#!/usr/bin/env bash
# A group of one to three gateways on booted machines, behind HAProxy and before a write and a read
# server, while the load is light, saturating, and light again: it grows and shrinks, heals, is replaced,
# and takes the plan of a thousand users (../shared/deploy/jmeter). Group time runs twenty times as fast.
#
#   tests/deploy/autoscale.sh       needs root, the lab, HAProxy, JMeter and a Java compiler
set -euo pipefail

# shellcheck source=tests/deploy/lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/lab.sh"

main() {
    need_tools jmeter/thousand-users.jmx
    need_commands haproxy jmeter javac cc
    [[ -e /usr/share/jmeter/lib/ext/ApacheJMeter_http.jar ]] || skip "jmeter-http is not installed"
    /usr/bin/python3 -c 'import matplotlib' 2>/dev/null || skip "python3-matplotlib is not installed"
    enter_lab
    boot 2 write
    expect 120 2 'done: write server'
    boot 3 read
    expect 120 3 'done: read server is ready'
    # Who else works on this machine shall not be measured.
    nice -n -10 "${inside[@]}" /usr/bin/python3 "$repo/tests/deploy/group/play.py" "$@" 9>&-
    echo "autoscale: all is well, $SECONDS s"
}

main "$@"
