#!/usr/bin/env bash
# Gives every secret of an environment its first value, and the databases the passwords in them.
# Terraform calls it when the databases are there; by hand, `secrets.sh rotate <secret>` gives one a
# new value (docs/operations.md). No value is ever an argument, printed, or in Terraform's state.
#
#   needs: gcloud, logged in; PROJECT REGION NAME, and the addresses that Terraform hands over
set -euo pipefail

: "${PROJECT:?}" "${REGION:?}" "${NAME:?}"

main() {
    command -v gcloud >/dev/null || die "gcloud is not installed; it makes and stores the secrets"
    case "${1:-fill} ${2:-}" in
    "fill ") fill ;;
    "rotate cluster-key") store cluster-key < <(random) ;;
    "rotate write-database-url") database write "${WRITE_ADDRESS:?}" ;;
    "rotate read-database-url") database read "${READ_ADDRESS:?}" ;;
    "rotate redis-url") redis "${REDIS_ADDRESS:?}" ;;
    "rotate pseudonym-key") die "another key makes other pseudonyms: it is kept for ever" ;;
    *) die "secrets.sh [rotate cluster-key|write-database-url|read-database-url|redis-url]" ;;
    esac
}

fill() {
    local secret
    for secret in cluster-key pseudonym-key; do
        has "$secret" || store "$secret" < <(random)
    done
    names "${WRITE_ADDRESS:?}" write-database-url || database write "$WRITE_ADDRESS"
    if [[ -n ${READ_ADDRESS:-} ]]; then
        names "$READ_ADDRESS" read-database-url || database read "$READ_ADDRESS"
    fi
    names "${REDIS_ADDRESS:?}" redis-url || redis "$REDIS_ADDRESS"
}

die() {
    printf 'secrets.sh: %s\n' "$1" >&2
    exit 1
}

cloud() {
    gcloud --quiet --project "$PROJECT" "$@"
}

random() {
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

# A question that got no answer must not pass for a "no": that would replace a key that is in use.
has() {
    local version
    version=$(cloud secrets versions list "$NAME-$1" --filter=state=enabled --limit=1 \
        --format='value(name)') || die "cannot tell whether $NAME-$1 has a value"
    [[ -n $version ]]
}

# names <address> <secret>: whether the secret is of this very server, which may have been made anew.
names() {
    has "$2" && [[ $(cloud secrets versions access latest --secret "$NAME-$2") == *"@$1"* ]]
}

store() {
    cloud secrets versions add "$NAME-$1" --data-file=- >/dev/null
    echo "secrets.sh: $NAME-$1 has a new value"
}

# database <write|read> <address>
database() {
    local password verb=create
    password=$(random)
    if [[ -n $(cloud sql users list --instance "$NAME-$1" --filter=name=mamparo --format='value(name)') ]]; then
        verb=set-password
    fi
    cloud sql users "$verb" mamparo --instance "$NAME-$1" \
        --flags-file <(printf -- '--password: %s\n' "$password") >/dev/null
    printf 'postgresql://mamparo:%s@%s:5432/mamparo?sslmode=require' "$password" "$2" |
        store "$1-database-url"
}

redis() {
    local auth
    auth=$(cloud redis instances get-auth-string "$NAME" --region "$REGION" --format='value(authString)')
    printf 'redis://:%s@%s/0' "$auth" "$1" | store redis-url
}

main "$@"
