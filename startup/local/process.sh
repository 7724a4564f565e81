# shellcheck shell=bash
# One server as a process: launch → find again → ready → stop. A pid file alone proves nothing:
# pids are used again, so the process must also run our program in that server's own folder.

# launch <server> <command…>: in a session of its own, so that it outlives the terminal.
launch() {
    local name=$1 home
    home=$(home_of "$name")
    mkdir -p "$home"
    rm -f "$state/run/$name.pid"
    (
        cd "$home" || exit
        put "run/$name.pid" <<<"$BASHPID"
        exec setsid "${@:2}" 8<"$home" {lock}<&-
    ) </dev/null >>"$state/logs/$name.log" 2>&1 &
}

home_of() {
    case $1 in
    postgres | redis) echo "$state/$1" ;;
    *) echo "$state/run/$1" ;;
    esac
}

program_of() {
    case $1 in
    postgres) echo "$postgres_bin/postgres" ;;
    redis) realpath "$(command -v redis-server)" ;;
    *) echo "$binary" ;;
    esac
}

# pid_of <server>: prints it, or fails when it does not run.
pid_of() {
    local pid
    pid=$(cat "$state/run/$1.pid" 2>/dev/null) && lives_in "/proc/$pid" "$1" && echo "$pid"
}

# A program that was rebuilt since shows as "… (deleted)".
lives_in() {
    [[ $1/cwd -ef $(home_of "$2") && $(readlink "$1/exe") == "$(program_of "$2")"* ]]
}

is_deserted() {
    local process
    for process in /proc/[0-9]*; do
        if lives_in "$process" "$1"; then
            return 1
        fi
    done
}

is_gone() {
    ! pid_of "$1" >/dev/null
}

is_ready() {
    pid_of "$1" >/dev/null || return 1
    case $1 in
    postgres) "$postgres_bin/pg_isready" --quiet --host 127.0.0.1 --port "$(port_of postgres)" ;;
    redis) [[ $(redis-cli -p "$(port_of redis)" ping 2>&1) == PONG ]] ;;
    *) fetch "$(($(port_of "$1") + 100))/readyz" >/dev/null ;;
    esac
}

fetch() {
    curl --silent --fail --noproxy '*' --max-time 2 "http://127.0.0.1:$1"
}

# await <seconds> <condition…>
await() {
    local deadline=$((SECONDS + $1))
    until "${@:2}"; do
        if ((SECONDS >= deadline)); then
            return 1
        fi
        sleep 0.1
    done
}

await_ready() {
    local name=$1 log=$state/logs/$1.log
    await "$ready_s" is_ready_or_dead "$name" || true
    if is_ready "$name"; then
        return
    fi
    tail -n 20 "$log" >&2
    if is_dead "$name"; then
        die "$name ended instead of becoming ready; its last words are above, all of them in $log"
    fi
    die "$name is not ready after $ready_s s; its last words are above, all of them in $log"
}

is_ready_or_dead() {
    is_ready "$1" || is_dead "$1"
}

is_dead() {
    local pid
    pid=$(cat "$state/run/$1.pid" 2>/dev/null) && [[ ! -e /proc/$pid/exe ]]
}

stop() {
    local name=$1 pid
    pid=$(pid_of "$name") || return 0
    say "stopping $name"
    kill -s "$(goodbye_of "$name")" "$pid"
    if ! await "$stop_s" is_gone "$name"; then
        say "$name has not stopped in $stop_s s; killing it"
        kill -s KILL "$pid"
        await 5 is_gone "$name" || die "$name (pid $pid) cannot be killed"
    fi
    rm -f "$state/run/$name.pid"
}

# PostgreSQL takes SIGTERM as "when the last client has left", and a forgotten psql never leaves.
goodbye_of() {
    if [[ $1 == postgres ]]; then
        echo INT
    else
        echo TERM
    fi
}
