# shellcheck shell=bash
# The state folder: who may work in it, and which ports belong to it.

# The folder is its own lock. `clean` may have removed it while we waited: then we lock the new one.
take_lock() {
    if [[ -n $lock ]]; then
        return
    fi
    [[ -O $state ]] || die "$state belongs to somebody else"
    while true; do
        exec {lock}<"$state"
        if ! flock --nonblock "$lock"; then
            say "waiting for the other local.sh that works in $state"
            flock --timeout 600 "$lock" || die "it is still at work; giving up after 10 minutes"
        fi
        if [[ /proc/self/fd/$lock -ef $state ]]; then
            return
        fi
        exec {lock}<&-
        mkdir -p "$state"
    done
}

settle_in() {
    require_ours
    choose_base
    put base_port <<<"$base"
    mkdir -p "$state"/{logs,run}
    local secret
    for secret in password pseudonym_key; do
        if [[ ! -s $state/$secret ]]; then
            od -An -N16 -tx1 /dev/urandom | tr -d ' \n' | put "$secret"
        fi
    done
}

# `clean` removes this folder, so it must not be somebody's home.
require_ours() {
    if [[ -n $(ls -A "$state") ]] && ! compgen -G "$state/base_port*" >/dev/null; then
        die "$state holds other things; let MAMPARO_STATE name a new or empty folder"
    fi
}

# put <file>: standard input becomes the file, whole or not at all.
put() {
    cat >"$state/$1.new"
    mv "$state/$1.new" "$state/$1"
}

# The port it runs at, else the one asked for.
choose_base() {
    local running=
    if anything_runs; then
        running=$(<"$state/base_port")
    fi
    base=${MAMPARO_BASE_PORT:-${running:-8080}}
    if [[ ! $base =~ ^[1-9][0-9]{0,4}$ ]] || ((base + 104 > 65535)); then
        die "MAMPARO_BASE_PORT must be a number from 1 to 65431, and it is '$base'"
    fi
    if [[ -n $running && $running != "$base" ]]; then
        die "what lives in $state is running at base port $running, not $base" \
            "Stop it first (startup/local.sh down), or give the new one a MAMPARO_STATE of its own."
    fi
}

anything_runs() {
    local name
    for name in "${servers[@]}"; do
        if pid_of "$name" >/dev/null; then
            return 0
        fi
    done
    return 1
}

port_of() {
    case $1 in
    bulkhead) echo "$base" ;;
    write) echo $((base + 1)) ;;
    read-*) echo $((base + 1 + ${1#read-})) ;;
    postgres) echo $((base + 5)) ;;
    redis) echo $((base + 6)) ;;
    esac
}

ports_of() {
    port_of "$1"
    case $1 in
    postgres | redis) ;;
    *) echo $(($(port_of "$1") + 100)) ;;
    esac
}

check_ports() {
    local name port taken=()
    for name in "${servers[@]}"; do
        if pid_of "$name" >/dev/null; then
            continue
        fi
        for port in $(ports_of "$name"); do
            if is_taken "$port"; then
                taken+=("port $port, which $name needs")
            fi
        done
    done
    if ((${#taken[@]} > 0)); then
        die "something else is listening already:" "${taken[@]}" \
            "Stop it, or choose other ports: MAMPARO_BASE_PORT=18080 startup/local.sh up"
    fi
}

# Somebody listens (state 0A) at the port on 127.0.0.1 or on every address, of IPv4 or IPv6.
is_taken() {
    local any='0{8}|0100007F|0{32}|0{16}FFFF00000100007F' hex
    hex=$(printf '%04X' "$1")
    grep -qsE "^ *[0-9]+: ($any):$hex [0-9A-F]+:[0-9A-F]+ 0A " /proc/net/tcp /proc/net/tcp6
}
