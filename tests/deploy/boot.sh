#!/usr/bin/env bash
# The boot script, on booted Debian 12 machines with Google's own guest agent (../shared/deploy/vm-lab):
# an image is baked, each role boots from it and serves, a second run and a reboot change nothing, and
# what lacks something says so, stays down, and comes up at the boot after it was mended. The gateway is
# told no address: it finds the others in Redis.
#
#   tests/deploy/boot.sh       needs root, and the lab: MAMPARO_DEPLOY_TOOLS, or ../shared/deploy
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$repo/tests/deploy/boot
tools=$(realpath -m "${MAMPARO_DEPLOY_TOOLS:-$repo/../shared/deploy}")
binary=${MAMPARO_BINARY:-$repo/build/gcc/mamparo}
lab=${MAMPARO_LAB:-/var/tmp/mamparo-lab}
export LAB_DIR=$lab
own=() vms=()
inside=(nsenter --net=/run/netns/dl-net) # no function: what runs behind must be what is killed

skip() {
    echo "boot: skipped: $1"
    exit 0
}

fail() {
    echo "boot: FAILED: $1" >&2
    exit 1
}

main() {
    [[ -x $tools/vm-lab/lab.sh ]] || skip "there is no lab at $tools"
    ((EUID == 0)) || skip "the lab needs root"
    local tool
    for tool in systemd-nspawn mmdebstrap openssl ip redis-server /usr/lib/postgresql/15/bin/initdb; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
    [[ -x $binary ]] || fail "there is no program at $binary"
    mkdir -p "$lab"
    exec 9>/run/lock/mamparo-lab
    flock --timeout 300 9 || fail "somebody else is using the lab"
    [[ ! -e /run/netns/dl-net ]] || skip "somebody else is using the lab's network"
    trap tidy EXIT
    prepare
    bake
    a_server_of_each_role_boots_and_serves
    a_second_run_changes_nothing
    no_secret_is_where_others_look
    what_lacks_something_says_so_and_stays_down
    what_was_mended_comes_up_at_the_next_boot
    a_reboot_serves_again
    echo "boot: all is well, $SECONDS s"
}

tidy() {
    local vm pid
    for vm in "${vms[@]}"; do
        lab vm-stop "$vm" >/dev/null 2>&1 || true
    done
    for pid in "${own[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    lab net-down >/dev/null 2>&1 || true
    rm -rf "$lab"/{vm,state.json,bucket,postgres,baked}
}

lab() {
    "$tools/vm-lab/lab.sh" "$@" 9>&-
}

say() {
    printf '  %4d s  %s\n' $SECONDS "$*"
}

prepare() {
    [[ -e $lab/root/usr/bin/google_guest_agent ]] || lab root >"$lab/root.log" 2>&1 ||
        fail "the lab's machine could not be made: $lab/root.log"
    mkdir -p "$lab/bucket/lab"
    RELEASE_BINARY=$binary "$repo/startup/release.sh" "$lab/bucket/lab/release.tar.gz" >/dev/null
    sha256=$(sha256sum "$lab/bucket/lab/release.tar.gz" | cut -d ' ' -f 1)
    for role in bake bulkhead write read; do
        cp "$repo/startup/gce.sh" "$lab/startup-$role.sh"
    done
    rm -f "$lab/state.json"
    lab net-up >/dev/null
    ip -n dl-net addr add 10.20.0.2/32 dev br0
    certify
    "${inside[@]}" python3 "$here/bucket.py" 10.20.0.2 "$lab/bucket" "$lab/ca/storage.pem" "$lab/ca/storage.key" 9>&- 2>"$lab/bucket.log" &
    own+=($!)
    "${inside[@]}" redis-server --bind 10.20.0.1 --requirepass lab --save '' --dir "$lab" 9>&- >"$lab/redis.log" &
    own+=($!)
    start_postgres
}

certify() {
    openssl req -newkey rsa:2048 -nodes -keyout "$lab/ca/storage.key" -subj /CN=storage.googleapis.com 2>/dev/null |
        openssl x509 -req -CA "$lab/ca/ca.pem" -CAkey "$lab/ca/ca.key" -CAcreateserial -days 30 \
            -out "$lab/ca/storage.pem" -extfile <(echo subjectAltName=DNS:storage.googleapis.com) 2>/dev/null
}

start_postgres() {
    local bin=/usr/lib/postgresql/15/bin
    install -d -o postgres -m 0700 "$lab/postgres"
    as_postgres "$bin/initdb" -D "$lab/postgres" -N --auth-local=trust --auth-host=scram-sha-256 >/dev/null
    echo 'host all all 10.20.0.0/20 scram-sha-256' >>"$lab/postgres/pg_hba.conf"
    printf '%s\n' "CREATE ROLE mamparo LOGIN REPLICATION PASSWORD 'lab';" '' \
        'CREATE DATABASE mamparo OWNER mamparo;' '' |
        as_postgres "$bin/postgres" --single -D "$lab/postgres" -j postgres >/dev/null 2>"$lab/postgres.log"
    "${inside[@]}" setpriv --reuid=postgres --regid=postgres --clear-groups "$bin/postgres" -D "$lab/postgres" \
        -c listen_addresses=10.20.0.1 -c port=5432 -c unix_socket_directories='' -c wal_level=logical -c fsync=off \
        9>&- >>"$lab/postgres.log" 2>&1 &
    own+=($!)
}

as_postgres() {
    env -C / setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
}

# boot <vm> <role> [<change of its metadata>…]
boot() {
    local vm=$1 role=$2 root=$lab/vm/$1
    mkdir -p "$root"/{up,work,root}
    if [[ -d $lab/baked ]] && ! mountpoint -q "$root/root"; then
        mount -t overlay overlay -o "lowerdir=$lab/baked:$lab/root,upperdir=$root/up,workdir=$root/work" "$root/root"
    fi
    vms+=("$vm")
    lab vm-start "$vm" "$role"
    describe "$@"
    echo 10.20.0.2 storage.googleapis.com >>"$root/root/etc/hosts"
}

reboot() {
    lab vm-stop "$1" keep >/dev/null 2>&1
    boot "$@"
}

describe() {
    python3 "$here/metadata.py" "$lab/state.json" "$1" "$2" "$repo/startup" "$sha256" "${@:3}"
}

on() {
    lab vm-exec "$@" 2>/dev/null
}

# The script's last line of this boot.
last_words() {
    on "$1" journalctl --boot --output cat --unit google-startup-scripts | grep -oE 'mamparo: (done|NOT STARTED).*' | tail -n 1
}

# expect <seconds> <vm> <pattern>: its last line
expect() {
    local end=$((SECONDS + $1)) said=
    while ((SECONDS < end)); do
        said=$(last_words "$2") || true
        if [[ $said =~ $3 ]]; then
            say "vm$2: $said"
            return
        fi
        sleep 0.3
    done
    on "$2" journalctl --output cat -n 40 >&2 || true
    fail "vm$2 should have said \"$3\", and said \"$said\""
}

ask() {
    "${inside[@]}" curl -sS -m 5 "$@"
}

bake() {
    boot 1 bake
    expect 300 1 'done: baked'
    on 1 sh -c 'rm -rf /var/lib/google /var/log/journal/* /etc/machine-id; touch /etc/machine-id' || true
    lab vm-stop 1 keep
    umount "$lab/vm/1/root"
    mv "$lab/vm/1/up" "$lab/baked"
    vms=()
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
