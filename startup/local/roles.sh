# shellcheck shell=bash
# Our own servers: built, told who they are, started, and filled with the sample.

build() {
    local log=$state/logs/build.log
    say "building"
    if ! { configure || configure --fresh; } >"$log" 2>&1 ||
        ! cmake --build "$state/build" --target mamparo >>"$log" 2>&1; then
        tail -n 40 "$log" >&2
        die "the build failed; all of it is in $log"
    fi
}

configure() {
    cmake -S "$repo" -B "$state/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo "$@"
}

start_roles() {
    local name
    for name in "${roles[@]}"; do
        start_role "$name"
    done
    for name in "${roles[@]}"; do
        await_ready "$name"
    done
}

start_role() {
    local name=$1 settings
    if is_current "$name"; then
        say "$name is already running"
        return
    fi
    stop "$name"
    mapfile -t settings < <(settings_of "$name")
    say "starting $name"
    launch "$name" env "${settings[@]}" "$binary"
}

# Running, and neither the program nor a model has changed since it started.
is_current() {
    local pid
    pid=$(pid_of "$1") && [[ /proc/$pid/exe -ef $binary ]] &&
        [[ -z $(find "$repo/models" -newer "$state/run/$1.pid" -print -quit) ]]
}

settings_of() {
    local name=$1
    printf '%s\n' "SERVER_TYPE=${name%-*}" LISTEN=127.0.0.1 "PORT=$(port_of "$name")" \
        "ADMIN_PORT=$(($(port_of "$name") + 100))" "MODELS=$repo/models" DRAIN_SECONDS=0
    case $name in
    write)
        echo "WRITE_DATABASE_URL=$(database_url write)"
        echo "PSEUDONYM_KEY=$(<"$state/pseudonym_key")"
        echo "REDIS_URL=redis://$(address_of redis)/0"
        ;;
    read-*)
        echo "READ_DATABASE_URL=$(database_url "read_${name#read-}")"
        echo "REDIS_URL=redis://$(address_of redis)/0"
        echo "WRITE_SERVERS=$(address_of write)"
        ;;
    bulkhead)
        echo "WRITE_SERVERS=$(address_of write)"
        echo "REDIS_URL=redis://$(address_of redis)/0"
        echo "READ_SERVERS=$(address_of read-1),$(address_of read-2),$(address_of read-3)"
        ;;
    esac
}

address_of() {
    echo "127.0.0.1:$(port_of "$1")"
}

database_url() {
    echo "postgresql://mamparo:$(<"$state/password")@$(address_of postgres)/mamparo_$1"
}

# Once: whoever then deletes an entry wants it gone.
load_sample() {
    local log=$state/logs/seed.log name
    if [[ -e $state/seeded ]]; then
        say "the sample data is loaded already"
        return
    fi
    say "loading $sample medical entries"
    if ! env MODELS="$repo/models" WRITE_SERVERS="$(address_of write)" \
        "$binary" seed medical "$sample" >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        die "the sample data could not be loaded; all of it is in $log"
    fi
    for name in read-1 read-2 read-3; do
        await "$ready_s" has_sample "$name" || die \
            "$name has $(entries_of "$name") of $sample entries after $ready_s s; see $state/logs/$name.log"
    done
    put seeded </dev/null
}

has_sample() {
    (($(entries_of "$1") >= sample))
}

entries_of() {
    local list
    list=$(fetch "$(port_of "$1")/v1/medical/entries?page_size=1") || true
    [[ $list =~ \"total_records\":\ *([0-9]+) ]] && echo "${BASH_REMATCH[1]}" || echo 0
}
