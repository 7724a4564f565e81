#!/usr/bin/env bash
# Mamparo on one machine: a private PostgreSQL and Redis, one write server, three read servers, and
# the bulkhead before them. Nothing outside the state folder is touched.
#
#   up:  packages → lock → ports → build → postgres → redis → servers → ready → sample data
#
# Killed at any moment, it can be run again: what takes several steps is made under another name and
# renamed when whole, and a server writes its own pid before it lets go of the lock.
set -euo pipefail
umask 077

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=${here%/*}
# shellcheck source=startup/packages.sh
source "$here/packages.sh"
# shellcheck source=startup/local/state.sh
source "$here/local/state.sh"
# shellcheck source=startup/local/process.sh
source "$here/local/process.sh"
# shellcheck source=startup/local/engines.sh
source "$here/local/engines.sh"
# shellcheck source=startup/local/roles.sh
source "$here/local/roles.sh"

state=$(realpath -m "${MAMPARO_STATE:-$repo/.local}")
binary=$state/build/mamparo
postgres_bin=/usr/lib/postgresql/15/bin # whichever other postgres the PATH may hold
roles=(write read-1 read-2 read-3 bulkhead)
servers=(postgres redis "${roles[@]}")
sample=2000
ready_s=60
stop_s=30
lock=

# A variable like PGPORT in the caller's shell must not lead our tools elsewhere.
unset "${!PG@}"

usage() {
    cat <<END
startup/local.sh <what>

  up             install, build and start everything, load the sample data
  down           stop it; the data stays
  status         what runs, where, and whether it is ready
  logs [server]  the logs, or those of one server: ${servers[*]}
  clean          stop it and remove $state

  MAMPARO_BASE_PORT  the bulkhead's port, default 8080; the others follow from it
  MAMPARO_STATE      where everything lives, default .local beside the sources
END
}

main() {
    case ${1:-help} in
    up) up ;;
    down) down ;;
    status) status ;;
    logs) logs "${2:-}" ;;
    clean) clean ;;
    help | --help | -h) usage ;;
    *)
        usage >&2
        exit 64
        ;;
    esac
}

up() {
    ensure_packages "${build_packages[@]}" "${run_packages[@]}"
    mkdir -p "$state" || die "cannot make $state"
    take_lock
    settle_in
    check_ports
    build
    start_engines
    start_roles
    load_sample
    greet
}

down() {
    if [[ ! -d $state ]]; then
        say "nothing is running in $state"
        return
    fi
    take_lock
    local i
    for ((i = ${#servers[@]} - 1; i >= 0; i--)); do
        stop "${servers[i]}"
    done
    say "everything is stopped"
}

clean() {
    if [[ ! -d $state ]]; then
        say "there is no $state"
        return
    fi
    down
    require_ours
    # What shows that the folder is ours goes last, or a killed `clean` could not be finished.
    find "$state" -mindepth 1 -maxdepth 1 ! -name base_port -exec rm -rf {} +
    rm -rf "$state"
    say "removed $state"
}

status() {
    local name pid condition worst=0
    choose_base
    for name in "${servers[@]}"; do
        condition=ready
        is_ready "$name" || condition="not ready"
        pid=$(pid_of "$name") || condition=stopped
        [[ $condition == ready ]] || worst=1
        printf '  %-9s %-10s port %-6s %s\n' \
            "$name" "$condition" "$(port_of "$name")" "${pid:+pid $pid}"
    done
    return $worst
}

# Following is for people; a pipe gets the end of it.
logs() {
    local files
    mapfile -t files < <(compgen -G "$state/logs/${1:-}*.log")
    if ((${#files[@]} == 0)); then
        die "there is no log of ${1:-anything} in $state/logs"
    fi
    if [[ -t 1 ]]; then
        exec tail -n 40 -F "${files[@]}"
    fi
    tail -n 40 "${files[@]}"
}

greet() {
    local at
    at=http://$(address_of bulkhead)
    cat <<END

  Mamparo is up.

    bulkhead    $at
    write       http://$(address_of write)
    reads       http://$(address_of read-1)  http://$(address_of read-2)  http://$(address_of read-3)
    PostgreSQL  $(address_of postgres)
    Redis       $(address_of redis)

  Read a page, write an entry, close a door and open it again:

    curl '$at/v1/medical/entries?page_size=3'
    curl -i $at/v1/medical/entries -H 'Content-Type: application/json' \\
        -d '{"title":"Dolor de cabeza leve","content":"Desde ayer, sin fiebre."}'
    curl $at/bulkhead/toggle/ -H 'Content-Type: application/json' -d '{"service_name":"GET"}'
    curl $at/bulkhead/status/

  The older paths answer as they did:

    curl '$at/bulkhead/?page=1&page_size=3'

  startup/local.sh status | logs | down
END
}

main "$@"
