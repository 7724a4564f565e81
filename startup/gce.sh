#!/usr/bin/env bash
# The boot script of every server on Google Compute Engine; the metadata say which role it has.
#
#   Debian 12 → packages → program → settings and secrets → own PostgreSQL (read) → unit → ready
#
# It runs at each boot, and may run at any time: it changes only what differs. Its last line says that it
# is done, or why the server was not started; the next boot tries again. The metadata hold settings
# and the names of secrets; what a secret says goes from Secret Manager into /etc/mamparo/env only.
# With the role "bake" it stops before the settings: startup/bake.sh makes an image that way.
set -euo pipefail
umask 022

# Debian's upstream versions are pinned; its security fixes of them are welcome.
packages=('libh2o-evloop0.13=2.2.5*' 'libpq5=15.*' 'libhiredis0.14=0.14.1*' 'libavro23=1.11.*'
    'libjansson4=2.14*' 'libssl3=3.*' 'ca-certificates' 'curl')
write_packages=('postgresql-client-15=15.*')
read_packages=('postgresql-15=15.*')

etc=/etc/mamparo
home=/opt/mamparo
unit=/etc/systemd/system/mamparo.service
changes=()
reason='something failed that the lines above tell of'

main() {
    trap last_words EXIT
    require_debian_12
    role=$(attribute server-type)
    install_packages
    make_user
    install_release
    if [[ $role == bake ]]; then
        systemctl disable --quiet postgresql # only a read server has one, and starts it itself
        say "done: baked, release $(readlink "$home/current")"
        return
    fi
    write_settings
    prepare_database
    install_unit
    tell_ops_agent
    start
    say "done: $role server is $condition, ${changes[*]:-nothing} changed, $SECONDS s"
}

say() {
    printf 'mamparo: %s\n' "$*"
}

die() {
    reason=$*
    exit 1
}

last_words() {
    local code=$?
    trap - EXIT
    [[ ! -s $complaint ]] || reason=$(<"$complaint")
    rm -rf "$scratch"
    if ((code != 0)); then
        say "NOT STARTED: $reason; the next boot tries again"
    fi
    exit $code
}

require_debian_12() {
    local system
    # shellcheck source=/dev/null
    system=$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${VERSION_ID:-}") || system="an unknown system"
    [[ $system == "debian 12" ]] || die "this needs Debian 12, and here is $system" \
        "(Debian 11's libpq has no pipeline mode, Debian 13 has no libh2o)"
}

# metadata <path>: prints it; 1 when there is none.
metadata() {
    local out code
    out=$(mktemp)
    for _ in {1..10}; do
        code=$(curl -sS -m 5 -o "$out" -w '%{http_code}' -H 'Metadata-Flavor: Google' \
            "http://metadata.google.internal/computeMetadata/v1/$1" 2>/dev/null) || code=000
        case $code in
        200) cat "$out" ;;
        404) ;;
        *)
            sleep 1
            continue
            ;;
        esac
        rm -f "$out"
        [[ $code == 200 ]]
        return
    done
    rm -f "$out"
    say "the metadata server says $code to $1" >&2
    return 1
}

attribute() {
    local value
    value=$(metadata "instance/attributes/$1") || complain "the metadata have no $1"
    [[ $1 != server-type || $value =~ ^(bulkhead|write|read|bake)$ ]] ||
        complain "server-type must be bulkhead, write, read or bake, not \"$value\""
    printf '%s\n' "$value"
}

# For what runs in a substitution: its reason must reach the script that has the last word.
complain() {
    printf '%s' "$*" >"$complaint"
    exit 1
}

# fetch <url> <file>: with the server's own identity, which never is an argument of a process.
# Prints the status; what may pass is tried again.
fetch() {
    local token code=000
    for _ in {1..5}; do
        token=$(metadata instance/service-accounts/default/token | sed -nE 's/.*"access_token": *"([^"]*)".*/\1/p') || true
        code=$(curl -sS -m 120 -o "$2" -w '%{http_code}' \
            -H @<(printf 'Authorization: Bearer %s\n' "$token") "$1" 2>/dev/null) || code=000
        [[ $code =~ ^(000|429|5..)$ ]] || break
        sleep 2
    done
    printf '%s' "$code"
}

install_packages() {
    local wanted=("${packages[@]}") missing=() package
    [[ ! $role =~ ^(write|bake)$ ]] || wanted+=("${write_packages[@]}")
    [[ ! $role =~ ^(read|bake)$ ]] || wanted+=("${read_packages[@]}")
    for package in "${wanted[@]}"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "${package%%=*}" 2>/dev/null) == installed ]] ||
            missing+=("$package")
    done
    if ((${#missing[@]} == 0)); then
        return
    fi
    say "installing ${missing[*]}"
    for _ in {1..5}; do
        if apt update && apt install "${missing[@]}"; then
            changes+=(packages)
            return
        fi
        sleep 5
    done
    die "apt-get could not install ${missing[*]}"
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get "$1" -qq --yes --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "${@:2}" </dev/null >/dev/null
}

make_user() {
    if ! getent passwd mamparo >/dev/null; then
        useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin mamparo
        changes+=(user)
    fi
}

# A release is a folder named after its digest: it is there whole, or not at all.
install_release() {
    local url sha256 code archive
    url=$(attribute mamparo-release)
    sha256=$(attribute mamparo-release-sha256)
    [[ $sha256 =~ ^[0-9a-f]{64}$ ]] || die "mamparo-release-sha256 is no SHA-256: $sha256"
    if [[ ! -d $home/$sha256 ]]; then
        [[ $url =~ ^gs://([^/]+)/(.+)$ ]] || die "mamparo-release must be gs://bucket/object, not $url"
        archive=$(mktemp)
        code=$(fetch "https://storage.googleapis.com/${BASH_REMATCH[1]}/${BASH_REMATCH[2]}" "$archive")
        [[ $code == 200 ]] || die "the release $url cannot be fetched (HTTP $code)"
        sha256sum --check --status <<<"$sha256  $archive" ||
            die "the release $url has another checksum than mamparo-release-sha256"
        rm -rf "$home/$sha256.new"
        mkdir -p "$home/$sha256.new"
        tar -xzf "$archive" -C "$home/$sha256.new" --no-same-owner
        rm -f "$archive"
        "$home/$sha256.new/mamparo" --version >/dev/null || die "the program of $url does not run here"
        mv -T "$home/$sha256.new" "$home/$sha256"
    fi
    if [[ $(readlink "$home/current" 2>/dev/null) != "$sha256" ]]; then
        ln -sfn "$sha256" "$home/current.new"
        mv -T "$home/current.new" "$home/current"
        changes+=(release)
    fi
}

write_settings() {
    local settings names line value
    settings=$(attribute mamparo-settings)
    names=$(metadata instance/attributes/mamparo-secrets) || names=
    {
        printf 'SERVER_TYPE="%s"\n' "$role"
        while IFS= read -r line; do
            [[ -z $line ]] || quoted "${line%%=*}" "${line#*=}"
        done <<<"$settings"
        while IFS= read -r line; do
            [[ -n $line ]] || continue
            value=$(secret "${line#*=}")
            quoted "${line%%=*}" "$value"
        done <<<"$names"
        if [[ $role == read && $names != *READ_DATABASE_URL=* ]]; then
            quoted READ_DATABASE_URL 'postgresql:///mamparo?host=/run/postgresql'
        fi
    } | (umask 077 && cat >"$scratch/env")
    install -d -m 0750 -o root -g mamparo $etc
    put $etc/env 0640 mamparo settings <"$scratch/env"
}

# As systemd reads it.
quoted() {
    local value=$2
    [[ $1 =~ ^[A-Z][A-Z0-9_]*$ ]] || complain "\"$1\" is no name of a setting"
    [[ $value != *$'\n'* ]] || complain "$1 has more than one line"
    value=${value//\\/\\\\}
    printf '%s="%s"\n' "$1" "${value//\"/\\\"}"
}

secret() {
    local code project answer=$scratch/secret
    project=$(metadata project/project-id) || complain "the metadata have no project"
    code=$(umask 077 && fetch \
        "https://secretmanager.googleapis.com/v1/projects/$project/secrets/$1/versions/latest:access" "$answer")
    [[ $code == 200 ]] || complain "the secret $1 cannot be read (HTTP $code)"
    sed -nE 's/.*"data": *"([^"]*)".*/\1/p' "$answer" | base64 -d
    rm -f "$answer"
}

# put <file> <mode> <group> <what>: standard input becomes the file, if it is not already.
put() {
    local new=$scratch/new
    cat >"$new"
    if ! cmp -s "$new" "$1"; then
        install -D -m "$2" -o root -g "$3" "$new" "$1"
        changes+=("$4")
    fi
    rm -f "$new"
}

prepare_database() {
    case $role in
    read) if grep -q '^READ_DATABASE_URL="postgresql:///' $etc/env; then make_own_database; fi ;;
    write) reach_database ;;
    esac
}

# Only sockets, and whoever is the user mamparo: there is no password. What it holds can be fetched
# anew, but what it has told the relay that it has it must not lose: fsync stays.
make_own_database() {
    local kb
    kb=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
    put /etc/postgresql/15/main/conf.d/mamparo.conf 0644 postgres postgresql <<END
# Written by Mamparo's boot script, for this machine's memory.
listen_addresses = ''
max_connections = 200
shared_buffers = $((kb / 4))kB
effective_cache_size = $((kb * 6 / 10))kB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
checkpoint_timeout = 15min
random_page_cost = 1.1
END
    if [[ ${changes[*]} == *postgresql* ]]; then
        systemctl restart postgresql@15-main || die "the server's own PostgreSQL does not start"
    else
        systemctl start postgresql@15-main || die "the server's own PostgreSQL does not start"
    fi
    [[ $(as_postgres "SELECT 1 FROM pg_roles WHERE rolname = 'mamparo'") == 1 ]] ||
        as_postgres 'CREATE ROLE mamparo LOGIN'
    [[ $(as_postgres "SELECT 1 FROM pg_database WHERE datname = 'mamparo'") == 1 ]] ||
        as_postgres 'CREATE DATABASE mamparo OWNER mamparo'
}

as_postgres() {
    runuser -u postgres -- psql -X -q -t -A -v ON_ERROR_STOP=1 -c "$1" </dev/null
}

# A write server that cannot reach its database would only be one more that answers 503. Cloud SQL's
# users must be told to be allowed to replicate.
reach_database() {
    local url may
    url=$(sed -nE 's/^WRITE_DATABASE_URL="(.*)"$/\1/p' $etc/env)
    [[ $url =~ ^postgres(ql)?://([^:@/]+):([^@]*)@([^:/?]+)(:([0-9]+))?/([^?]*) ]] ||
        die "WRITE_DATABASE_URL must be postgresql://user:password@host:port/database"
    export PGUSER=${BASH_REMATCH[2]} PGPASSWORD=${BASH_REMATCH[3]} PGHOST=${BASH_REMATCH[4]}
    export PGPORT=${BASH_REMATCH[6]:-5432} PGDATABASE=${BASH_REMATCH[7]} PGCONNECT_TIMEOUT=3
    for _ in {1..5}; do
        if may=$(psql -X -t -A -c 'SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user' 2>"$scratch/psql"); then
            break
        fi
        sleep 2
    done
    [[ -n ${may:-} ]] || die "the write database at $PGHOST:$PGPORT does not answer: $(tail -n 1 "$scratch/psql")"
    [[ $may == t ]] || psql -X -q -c 'ALTER ROLE CURRENT_USER REPLICATION' ||
        die "the user of the write database may not replicate"
    unset "${!PG@}"
}

install_unit() {
    attribute mamparo-unit >"$scratch/unit"
    put $unit 0644 root unit <"$scratch/unit"
    if [[ ${changes[*]} == *unit* ]]; then
        systemctl daemon-reload
    fi
}

tell_ops_agent() {
    local config=/etc/google-cloud-ops-agent/config.yaml
    if ! dpkg-query -W google-cloud-ops-agent >/dev/null 2>&1; then
        [[ $(apt-cache policy google-cloud-ops-agent 2>/dev/null) == *"Candidate: "[0-9]* ]] || return 0
        apt install google-cloud-ops-agent || return 0
    fi
    put $config 0644 root ops-agent <<END
logging:
  receivers:
    journal: {type: systemd_journald}
  processors:
    json: {type: parse_json, field: MESSAGE}
  service:
    pipelines:
      mamparo: {receivers: [journal], processors: [json]}
metrics:
  receivers:
    mamparo:
      type: prometheus
      config:
        scrape_configs:
          - job_name: mamparo
            scrape_interval: 30s
            static_configs: [{targets: ["127.0.0.1:$(admin_port)"]}]
  service:
    pipelines:
      mamparo: {receivers: [mamparo]}
END
    if [[ ${changes[*]} == *ops-agent* ]]; then
        systemctl restart google-cloud-ops-agent || say "the Ops Agent does not start"
    fi
}

admin_port() {
    local port
    port=$(sed -nE 's/^ADMIN_PORT="(.*)"$/\1/p' $etc/env)
    echo "${port:-8100}"
}

start() {
    if [[ ${changes[*]} =~ release|settings|unit ]]; then
        systemctl restart mamparo
    else
        systemctl start mamparo
    fi
    await livez 30 || die "the program does not stay up: journalctl -u mamparo"
    condition="ready"
    await readyz 30 || condition="alive, and not ready yet (port $(admin_port), /statusz)"
}

# await <livez|readyz> <seconds>
await() {
    local end=$((SECONDS + $2))
    while ((SECONDS < end)); do
        if curl -sf -m 2 -o /dev/null "http://127.0.0.1:$(admin_port)/$1"; then
            return
        fi
        sleep 0.2
    done
    return 1
}

scratch=$(mktemp -d)
complaint=$scratch/complaint
main "$@"
