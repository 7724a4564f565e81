#!/usr/bin/env bash
# The boot script, on booted Debian 12 machines with Google's own guest agent (../shared/deploy/vm-lab):
# an image is baked, each role boots from it and serves, a second run and a reboot change nothing, and
# what lacks something says so, stays down, and comes up at the boot after it was mended. The gateway is
# told no address: it finds the others in Redis.
#
#   tests/deploy/boot.sh       needs root, and the lab: MAMPARO_DEPLOY_TOOLS, or ../shared/deploy
set -euo pipefail

# shellcheck source=tests/deploy/lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/lab.sh"

main() {
    enter_lab
    a_server_of_each_role_boots_and_serves
    a_second_run_changes_nothing
    no_secret_is_where_others_look
    what_lacks_something_says_so_and_stays_down
    what_was_mended_comes_up_at_the_next_boot
    a_reboot_serves_again
    echo "boot: all is well, $SECONDS s"
}

reboot() {
    stop "$1" keep
    boot "$@"
}

ask() {
    "${inside[@]}" curl -sS -m 5 "$@"
}

a_server_of_each_role_boots_and_serves() {
    local began
    boot 2 write
    expect 60 2 'done: write server'
    began=$(date +%s%N)
    boot 3 read
    expect 60 3 'done: read server is ready'
    say "a read server, from power to serving: $((($(date +%s%N) - began) / 1000000)) ms"
    began=$(date +%s%N)
    boot 4 bulkhead
    expect 60 4 'done: bulkhead server is ready'
    say "a gateway, from power to serving: $((($(date +%s%N) - began) / 1000000)) ms"
    the_gateway_takes_in 10.20.0.12:8000
    the_gateway_takes_in 10.20.0.13:8000
    round_trip Uno
}

# Of a server that it was never told of.
the_gateway_takes_in() {
    local services end=$((SECONDS + 5))
    until services=$(ask http://10.20.0.14:8000/bulkhead/services/) && [[ $services == *"\"server\":\"$1\",\"state\":\"up\""* ]]; do
        ((SECONDS < end)) || fail "the gateway does not ask $1: $services"
        sleep 0.1
    done
    say "the gateway asks $1"
}

# What is written through the gateway is read through it, from the replica.
round_trip() {
    local at=http://10.20.0.14:8000/v1/medical/entries end=$((SECONDS + 20))
    [[ $(ask "$at" -H 'Content-Type: application/json' -d "{\"title\":\"$1\"}") == *'"version":1'* ]] ||
        fail "the gateway did not take a record"
    until [[ $(ask "$at?title=$1") == *'"total_records":1,'* ]]; do
        ((SECONDS < end)) || fail "what was written was not read: $(ask "$at?title=$1")"
        sleep 0.2
    done
    say "written and read through the gateway"
}

a_second_run_changes_nothing() {
    local vm before
    for vm in 2 3 4; do
        before=$(on "$vm" systemctl show mamparo --property MainPID)
        [[ $(on "$vm" bash -s <"$repo/startup/gce.sh") =~ nothing\ changed ]] || fail "a second run on vm$vm changed something"
        [[ $(on "$vm" systemctl show mamparo --property MainPID) == "$before" ]] || fail "vm$vm: it was started again"
    done
    say "a second run changes nothing"
}

no_secret_is_where_others_look() {
    local vm key
    for vm in 2 3 4; do
        [[ $(on "$vm" stat -c '%a %U %G' /etc/mamparo/env) == "640 root mamparo" ]] || fail "vm$vm: the rights of env"
        key=$(on "$vm" sed -nE 's/^CLUSTER_KEY="(.*)"$/\1/p' /etc/mamparo/env)
        [[ ${#key} == 64 ]] || fail "vm$vm has no key"
        if on "$vm" journalctl --output cat | grep -qF "$key"; then
            fail "vm$vm: the key is in the journal"
        fi
    done
    on 2 journalctl --output cat --unit mamparo | tail -n 1 | python3 -m json.tool >/dev/null ||
        fail "the program's log is no JSON"
    say "env is 0640, the key is nowhere in the journal, the log is JSON"
}

what_lacks_something_says_so_and_stays_down() {
    local vm
    boot 5 write "mamparo-release-sha256=$(printf '0%.0s' {1..64})"
    boot 6 write mamparo-secrets=CLUSTER_KEY=nobodys-key
    boot 7 bulkhead server-type=
    boot 8 write $'mamparo-secrets=CLUSTER_KEY=cluster-key\nREDIS_URL=redis-url\nWRITE_DATABASE_URL=lost-database-url'
    expect 60 5 'NOT STARTED: the release .* has another checksum'
    expect 60 6 'NOT STARTED: the secret nobodys-key cannot be read \(HTTP 403\)'
    expect 60 7 'NOT STARTED: the metadata have no server-type'
    expect 60 8 'NOT STARTED: the write database at 10.20.0.9:5432 does not answer'
    for vm in 5 6 7 8; do
        ! on "$vm" systemctl is-active --quiet mamparo || fail "vm$vm runs all the same"
    done
}

what_was_mended_comes_up_at_the_next_boot() {
    reboot 5 write
    expect 60 5 'done: write server is'
    the_gateway_takes_in 10.20.0.15:8000
}

a_reboot_serves_again() {
    local began
    began=$(date +%s%N)
    reboot 3 read
    expect 60 3 'done: read server is ready, nothing changed'
    say "a read server, from reboot to serving: $((($(date +%s%N) - began) / 1000000)) ms"
    round_trip Dos
}

main "$@"
