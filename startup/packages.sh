# shellcheck shell=bash
# What Mamparo needs of Debian 12, and how it gets there. Sourced, never run.
#
# Installing a server's package would also start the server, make it a database cluster and enable it
# at boot. Ours are private, so all three are held off while apt works; the hold is lifted when it
# ends, and a hold that a killed run left behind is lifted first.

# shellcheck disable=SC2034  # the lists are for whoever sources this
{
    build_packages=(
        gcc libc6-dev cmake ninja-build pkg-config
        libh2o-evloop-dev libpq-dev libhiredis-dev libavro-dev libjansson-dev libssl-dev
        zlib1g-dev)
    run_packages=(postgresql-15 redis-server curl)
    test_packages=(
        clang clang-format clang-tidy libclang-rt-14-dev libcmocka-dev universal-ctags shellcheck
        python3 python3-pytest python3-pytest-xdist python3-psycopg python3-redis python3-avro
        python3-requests python3-jsonschema python3-yaml iproute2 libfaketime haproxy)
    # A node from elsewhere brings an npm of its own, and keeps Debian's out.
    command -v npm >/dev/null || test_packages+=(nodejs npm)
}

policy=/usr/sbin/policy-rc.d
no_cluster=/etc/postgresql-common/createcluster.d/mamparo.conf
signature='# Mamparo is installing; this file goes when it has finished.'

say() {
    printf '  %s\n' "$*"
}

die() {
    printf 'mamparo: %s\n' "$1" >&2
    if (($# > 1)); then
        printf '  %s\n' "${@:2}" >&2
    fi
    exit 1
}

# ensure_packages <package…>: afterwards all are there, or the script has ended with the reason.
ensure_packages() {
    require_debian_12
    local missing
    mapfile -t missing < <(missing_of "$@")
    if ((${#missing[@]} == 0)); then
        return
    fi
    if ((EUID != 0)); then
        die "packages are missing, and only root may install them. Please run" \
            "sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
    fi
    say "installing ${missing[*]}"
    install_quietly "${missing[@]}"
}

require_debian_12() {
    local here
    here=$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${VERSION_ID:-}") || here="an unknown system"
    if [[ $here != "debian 12" ]]; then
        die "this needs Debian 12; here is $here." \
            "Debian 11's libpq has no pipeline mode, and Debian 13 has no libh2o."
    fi
}

missing_of() {
    local package
    for package in "$@"; do
        if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
            echo "$package"
        fi
    done
}

# A subshell: the traps and the lock end with it. The lock is for two runs that share the machine.
install_quietly() (
    umask 022
    export DEBIAN_FRONTEND=noninteractive
    exec 7</var/lib/dpkg
    flock 7
    log=$(mktemp)
    trap 'lift_hold; rm -f "$log"' EXIT
    trap 'exit 1' INT TERM HUP
    mapfile -t services < <(new_services)
    lift_hold
    hold_services "${services[@]}"
    # Only the install's outcome counts: the index of some other source may be out of reach, and what
    # a killed run left unconfigured may be nothing of ours.
    if ! { dpkg --configure -a; apt update; apt install "$@"; } >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        die "apt-get could not install $*" "Its last words are above."
    fi
    for service in "${services[@]}"; do
        update-rc.d "$service" disable >/dev/null 2>&1 || true
    done
)

apt() {
    apt-get "$1" --yes --quiet --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "${@:2}"
}

# Those that are not here yet, and those that a killed run was bringing.
new_services() {
    local service
    sed -n 's/^# brings //p' "$no_cluster" 2>/dev/null || true
    for service in postgresql redis-server haproxy nginx; do
        if [[ ! -e /etc/init.d/$service ]]; then
            echo "$service"
        fi
    done
}

# A policy that someone else has set is theirs, and stays.
hold_services() {
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\n%s\nexit 101\n' "$signature" >"$policy"
        chmod 755 "$policy"
    fi
    mkdir -p "${no_cluster%/*}"
    {
        printf '%s\ncreate_main_cluster = false\n' "$signature"
        printf '# brings %s\n' "$@"
    } >"$no_cluster"
}

lift_hold() {
    if grep -qsF "$signature" "$policy"; then
        rm -f "$policy"
    fi
    rm -f "$no_cluster"
}
