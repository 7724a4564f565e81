#!/usr/bin/env bash
# Booted Debian 12 machines with Google's own guest agent (../shared/deploy/vm-lab), an image that our boot
# script bakes, and PostgreSQL and Redis for them. Sourced by the stages that need machines;
# run, it does one thing in the lab that such a stage has entered: lab.sh boot 4 bulkhead
set -euo pipefail

# shellcheck source=tests/deploy/tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
lab=${MAMPARO_LAB:-/var/tmp/mamparo-lab}
release=$lab/bucket/lab/release.tar.gz
binary=${MAMPARO_BINARY:-$repo/build/gcc/mamparo}
export LAB_DIR=$lab
own=()
inside=(nsenter --net=/run/netns/dl-net) # no function: what runs behind must be what is killed

fail() {
    echo "  FAILED: $1" >&2
    exit 1
}

say() {
    printf '  %4d s  %s\n' $SECONDS "$*"
}

# It is left, and all that is in it ends, when the script ends.
enter_lab() {
    need_tools vm-lab/lab.sh
    ((EUID == 0)) || skip "the lab needs root"
    need_commands systemd-nspawn mmdebstrap openssl ip redis-server /usr/lib/postgresql/15/bin/initdb
    [[ -x $binary ]] || fail "there is no program at $binary"
    mkdir -p "$lab"
    exec 9>/run/lock/mamparo-lab
    flock --timeout 300 9 || fail "somebody else is using the lab"
    [[ ! -e /run/netns/dl-net ]] || skip "somebody else is using the lab's network"
    trap leave_lab EXIT
    prepare
    bake
}

leave_lab() {
    local machine pid
    for machine in "$lab"/vm/*/; do
        stop "$(basename "$machine")" &
    done
    for pid in "${own[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    wait
    lab net-down >/dev/null 2>&1 || true
    rm -rf "$lab"/{vm,state.json,bucket,postgres,baked}
}

lab() {
    "$tools/vm-lab/lab.sh" "$@" 9>&-
}

prepare() {
    local role
    [[ -e $lab/root/usr/bin/google_guest_agent ]] || lab root >"$lab/root.log" 2>&1 ||
        fail "the lab's machine could not be made: $lab/root.log"
    mkdir -p "${release%/*}"
    RELEASE_BINARY=$binary "$repo/startup/release.sh" "$release" >/dev/null
    for role in bake bulkhead write read; do
        cp "$repo/tests/deploy/boot/await.sh" "$lab/startup-$role.sh"
    done
    rm -f "$lab/state.json"
    lab net-up >/dev/null
    ip -n dl-net addr add 10.20.0.2/32 dev br0
    certify
    "${inside[@]}" python3 "$repo/tests/deploy/boot/bucket.py" 10.20.0.2 "$lab/bucket" \
        "$lab/ca/storage.pem" "$lab/ca/storage.key" 9>&- 2>"$lab/bucket.log" &
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

bake() {
    boot 1 bake
    expect 300 1 'done: baked'
    on 1 sh -c 'rm -rf /var/lib/google /var/log/journal/* /etc/machine-id; touch /etc/machine-id' || true
    stop 1 keep
    umount "$lab/vm/1/root"
    mv "$lab/vm/1/up" "$lab/baked"
    # It has the lab's certificate now, and to put it in again is the slowest part of a machine's start.
    ln -sf /bin/true "$lab/baked/usr/sbin/update-ca-certificates"
    rm -r "$lab/vm/1"
}

# boot <vm> <role> [<change of its metadata>…]
boot() {
    local vm=$1 role=$2 root=$lab/vm/$1 sha256
    mkdir -p "$root"/{up,work,root}
    if [[ -d $lab/baked ]] && ! mountpoint -q "$root/root"; then
        mount -t overlay overlay -o "lowerdir=$lab/baked:$lab/root,upperdir=$root/up,workdir=$root/work" "$root/root"
    fi
    lab vm-start "$vm" "$role"
    sha256=$(sha256sum "$release")
    python3 "$repo/tests/deploy/boot/metadata.py" "$lab/state.json" "$vm" "$role" "$repo/startup" "${sha256%% *}" "${@:3}"
    echo 10.20.0.2 storage.googleapis.com >>"$root/root/etc/hosts"
}

# stop <vm> [keep]: what the lab leaves of one that hangs, or had only begun to boot, ends here.
stop() {
    local group=/sys/fs/cgroup/cpu/dl-vm$1/cgroup.procs
    lab vm-stop "$@" >/dev/null 2>&1 || true
    while [[ -e $group && -n $(<"$group") ]]; do
        xargs kill -9 <"$group" 2>/dev/null || true
    done
    ip -n dl-net link del "dlv$1" 2>/dev/null || true
    find /sys/fs/cgroup/*/"dl-vm$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
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

[[ ${BASH_SOURCE[0]} != "$0" ]] || "$@"
