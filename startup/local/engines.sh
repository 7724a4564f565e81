# shellcheck shell=bash
# The private PostgreSQL and Redis: own folder, own port, own user.
#
# PostgreSQL refuses to be root, and the user it becomes may not be able to walk to the state folder
# (below /root, say). A descriptor that root opened on the folder carries it there, so it needs no
# more rights than any user has. `launch` opens it as number 8.
carried=/proc/self/fd/8

as_postgres=(env -C /)
as_redis=(env -C /)
if ((EUID == 0)); then
    as_postgres+=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    as_redis+=(setpriv --reuid=redis --regid=redis --clear-groups)
fi

give_to() {
    if ((EUID == 0)); then
        chown "$1:" "$2"
    fi
}

start_engines() {
    make_postgres
    start_postgres
    start_redis
    await_ready postgres
    await_ready redis
}

make_postgres() {
    local young=$state/postgres.new log=$state/logs/initdb.log
    if [[ -d $state/postgres ]]; then
        return
    fi
    say "making the databases"
    rm -rf "$young"
    mkdir "$young"
    give_to postgres "$young"
    if ! make_cluster >"$log" 2>&1 8<"$young" || grep -E 'ERROR|FATAL|PANIC' "$log" >&2; then
        tail -n 20 "$log" >&2
        die "PostgreSQL could not be set up; all of it is in $log"
    fi
    mv "$young" "$state/postgres"
}

# The roles are made before the server ever listens: there is no moment without a password.
make_cluster() {
    "${as_postgres[@]}" "$postgres_bin/initdb" -D $carried --encoding=UTF8 --locale=C.UTF-8 \
        --auth-local=reject --auth-host=scram-sha-256 &&
        first_words | "${as_postgres[@]}" "$postgres_bin/postgres" --single -D $carried -j postgres
}

# In this mode an empty line ends a statement.
first_words() {
    local database
    printf "CREATE ROLE mamparo LOGIN REPLICATION PASSWORD '%s';\n\n" "$(<"$state/password")"
    for database in write read_1 read_2 read_3; do
        printf 'CREATE DATABASE mamparo_%s OWNER mamparo;\n\n' $database
    done
}

start_postgres() {
    if pid_of postgres >/dev/null; then
        say "postgres is already running"
        return
    fi
    # While a backend of a killed server lives, a second server beside it would spoil the data.
    # PostgreSQL sees to that itself, but is misled when another process has inherited the old pid.
    await 30 is_deserted postgres || die "processes of a killed PostgreSQL still work in $state/postgres"
    rm -f "$state/postgres/postmaster.pid"
    postgres_settings | put postgres/postgresql.conf
    give_to postgres "$state/postgres/postgresql.conf"
    say "starting postgres"
    launch postgres "${as_postgres[@]}" "$postgres_bin/postgres" -D $carried
}

postgres_settings() {
    cat <<END
listen_addresses = '127.0.0.1'
port = $(port_of postgres)
unix_socket_directories = ''
max_connections = 200
password_encryption = 'scram-sha-256'
wal_level = logical
max_wal_senders = 20
max_replication_slots = 20
max_slot_wal_keep_size = '4GB'
fsync = on
synchronous_commit = on
full_page_writes = on
END
}

start_redis() {
    if pid_of redis >/dev/null; then
        say "redis is already running"
        return
    fi
    mkdir -p "$state/redis"
    redis_settings | put redis/redis.conf
    give_to redis "$state/redis"
    give_to redis "$state/redis/redis.conf"
    say "starting redis"
    launch redis "${as_redis[@]}" "$(command -v redis-server)" $carried/redis.conf
}

redis_settings() {
    cat <<END
bind 127.0.0.1
port $(port_of redis)
dir $carried
daemonize no
appendonly yes
save ""
END
}
