#!/usr/bin/env bash
# The Terraform tree: formatted, valid, planned as tests/deploy/golden/ says, applied, planned again (empty) and
# destroyed in both environments, its own tests and the policies; bad variables are refused, and mistakes that
# are planted in copies are each caught. A stand-in provider with the real one's schema takes Google's place
# (../shared/deploy/tf-stub).
#
#   tests/deploy/terraform.sh [--write]      needs MAMPARO_DEPLOY_TOOLS, or ../shared/deploy
#   --write: what is planned now is what tests/deploy/golden/ shall say
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$repo/tests/deploy
tools=$(realpath -m "${MAMPARO_DEPLOY_TOOLS:-$repo/../shared/deploy}")
export TF_VAR_project=a-project TF_VAR_release TF_VAR_keepers='["user:ana@example.org"]' TF_INPUT=0

fail() {
    echo "terraform: FAILED: $1" >&2
    exit 1
}

main() {
    if [[ ${1:-} != inside ]]; then
        local tool
        for tool in terraform node "$tools/tf-stub/run.sh"; do
            if ! command -v "$tool" >/dev/null; then
                echo "terraform: skipped: $tool is not there"
                return
            fi
        done
        work=$(mktemp -d)
        trap 'rm -rf "$work"' EXIT
        stand_in
        TF_WORK=$work "$work/tf-stub/run.sh" "${BASH_SOURCE[0]}" inside "$@"
        return
    fi
    work=$TF_WORK
    TF_VAR_release=$work/release.tar.gz
    echo a release >"$TF_VAR_release"
    if [[ " $* " == *" --write "* ]]; then
        write_golden
        return
    fi
    terraform fmt -check -recursive "$repo/terraform" || fail "terraform fmt would change these"
    python3 "$here/inputs.py" "$repo"/terraform/{environment,state} "$repo"/terraform/modules/*/ || fail "a README is not true"
    environments_differ_in_variables_only
    local environment
    for environment in dev prod; do
        an_environment_comes_and_goes $environment
    done
    all_that_can_be_asked_for_is_sound
    bad_variables_are_refused
    planted_mistakes_are_caught
    echo "terraform: all is well, $SECONDS s"
}

# The stand-in gives every ip_address a string; that of a database is a list.
stand_in() {
    cp -r "$tools/tf-stub" "$work/"
    sed -i "s|^  switch (n) {|  if (n === 'ip_address' \&\& a.type !== 'string') return [];\n&|" "$work/tf-stub/stub.js"
}

# copy <name>: a tree of its own, ready to be planned
copy() {
    local root
    mkdir -p "$work/$1"
    cp -a "$repo/terraform" "$repo/startup" "$work/$1/"
    for root in dev prod state; do
        at "$1" $root init >"$work/said" 2>&1 || fail "$1: $(<"$work/said")"
    done
}

at() {
    terraform -chdir="$work/$1/terraform/$2" "${@:3}" -no-color
}

# sound <copy> <root> [<option of plan>…]: what every tree must pass; its words are kept in $work/said.
sound() {
    {
        at "$1" "$2" plan -out plan.bin "${@:3}" &&
            terraform -chdir="$work/$1/terraform/$2" show -json plan.bin >"$work/$1/plan.json" &&
            python3 "$here/policy.py" "$work/$1/plan.json" &&
            nobody_reads_the_auth_string "$1"
    } >"$work/said" 2>&1
}

# The provider keeps it in the state (terraform/modules/data/README.md); there it must end.
nobody_reads_the_auth_string() {
    ! grep -rn --include='*.tf' auth_string "$work/$1/terraform" | sed 's/.*terraform\//hands on a secret of the state: /' | grep .
}

write_golden() {
    local environment
    copy now
    mkdir -p "$here/golden"
    for environment in dev prod; do
        sound now $environment || fail "$environment: $(tail -n 20 "$work/said")"
        python3 "$here/golden.py" "$work/now/plan.json" >"$here/golden/$environment.txt"
    done
    git -C "$repo" --no-pager diff --stat -- tests/deploy/golden
}

is_planned_as_golden_says() {
    python3 "$here/golden.py" "$work/$1/plan.json" |
        diff -u --label "tests/deploy/golden/$1.txt" --label "what $1 is planned to be" "$here/golden/$1.txt" - ||
        fail "$1 is planned otherwise than before; if that is meant: tests/deploy/terraform.sh --write"
}

an_environment_comes_and_goes() {
    local said
    copy "$1"
    at "$1" "$1" validate >"$work/said" 2>&1 || fail "$1: $(<"$work/said")"
    sound "$1" "$1" || fail "$1: $(tail -n 20 "$work/said")"
    is_planned_as_golden_says "$1"
    said=$(at "$1" "$1" test 2>&1) || fail "$1: $said"
    with_gcloud "$1"
    at "$1" "$1" apply plan.bin >"$work/said" 2>&1 || fail "$1: $(tail -n 20 "$work/said")"
    nothing_secret_is_left_behind "$1"
    at "$1" "$1" plan -detailed-exitcode >"$work/said" 2>&1 || fail "$1: a second plan is not empty: $(tail -n 20 "$work/said")"
    at "$1" "$1" destroy -auto-approve >"$work/said" 2>&1 || fail "$1: $(tail -n 20 "$work/said")"
    echo "  $1: $(head -n 1 "$here/golden/$1.txt") as golden/$1.txt has them; applied, an empty plan, destroyed; ${said##*$'\n'}"
}

# A gcloud that knows nothing yet, takes what it is told, and remembers how it was asked.
with_gcloud() {
    mkdir -p "$work/bin"
    cat >"$work/bin/gcloud" <<'END'
#!/bin/bash
printf '%s\n' "$*" >>"$GCLOUD_ASKED"
case "$*" in
*get-auth-string*) echo the-auth-string ;;
*"versions add"*) cat >>"$GCLOUD_TOLD"; echo >>"$GCLOUD_TOLD" ;;
esac
END
    chmod +x "$work/bin/gcloud"
    export GCLOUD_ASKED=$work/$1.asked GCLOUD_TOLD=$work/$1.told PATH=$work/bin:$PATH
}

nothing_secret_is_left_behind() {
    local value count=0
    while read -r value; do
        count=$((count + 1))
        if grep -qF -- "$value" "$work/$1/terraform/$1/terraform.tfstate" "$GCLOUD_ASKED" "$work/said"; then
            fail "$1: a secret is in the state, in a command or in what was printed"
        fi
    done < <(grep -oE '[0-9a-f]{64}|the-auth-string' "$GCLOUD_TOLD")
    ((count == 4)) || fail "$1: four secrets should have a value, not $count"
    the_auth_string_is_in_one_place "$1"
}

the_auth_string_is_in_one_place() {
    local state=$work/$1/terraform/$1/terraform.tfstate value
    value=$(sed -nE 's/^ *"auth_string": "([^"]+)",?$/\1/p' "$state")
    [[ -n $value && $(grep -cF -- "$value" "$state") == 1 ]] || fail "$1: the AUTH string is in an output, in metadata, or elsewhere"
}

environments_differ_in_variables_only() {
    local file
    for file in main variables outputs versions; do
        [[ $repo/terraform/dev/$file.tf -ef $repo/terraform/prod/$file.tf ]] || fail "$file.tf is not the same in dev and prod"
    done
}

all_that_can_be_asked_for_is_sound() {
    local said
    sound prod prod -var domain=api.example.org -var alert_email=ana@example.org -var shared_read_database=true ||
        fail "prod, with all that can be asked for: $(tail -n 20 "$work/said")"
    grep -q '"google_compute_target_https_proxy"' "$work/prod/plan.json" || fail "a domain makes no HTTPS"
    sound prod state || fail "state: $(tail -n 20 "$work/said")"
    said=$(at prod state test 2>&1) || fail "state: $said"
    echo "  a domain, e-mail, a shared read database, and a bucket for the state are sound; ${said##*$'\n'}"
}

# refused <what Terraform must say of each…> -- <option of plan…>
refused() {
    local words=()
    while [[ $1 != -- ]]; do
        words+=("$1")
        shift
    done
    if at dev dev plan "${@:2}" >"$work/said" 2>&1; then
        fail "this was planned: ${*:2}"
    fi
    local said word
    said=$(tr -s ' \n│' ' ' <"$work/said")
    for word in "${words[@]}"; do
        [[ $said == *"$word"* ]] || fail "${*:2} is refused, but not with \"$word\": $(<"$work/said")"
        echo "  refused: $word"
    done
}

bad_variables_are_refused() {
    (
        unset TF_VAR_project
        refused 'The root module input variable "project" is not set' --
    )
    refused 'Unsuitable value for var.read' 'attribute "cpu" is required' -- -var 'read={ machine = "e2-small", min = 1, max = 2, disk_gb = 20 }'
    refused 'variable named "regoin"' -- -var regoin=us-east1
    refused "project must be a project's id" "region must be one of Google Cloud's" 'name must be 3 to 20' \
        'range must be an IPv4 range' 'release: there is no file' 'image must be Debian 12' \
        'bulkhead: min and max must be whole numbers, min at least 1 and not above max' \
        'bulkhead: machine must be a machine type' 'bulkhead: cpu must be a share' 'bulkhead: initialisation_s must be' \
        'read: min and max must be whole numbers' 'read: machine must be' 'read: cpu must be' 'read: disk_gb must be' \
        'write: servers must be a whole number' 'write: machine must be' 'sql_tier must be a tier' \
        'redis_tier must be STANDARD_HA or BASIC' 'redis_gb must be a whole number between 1 and 300' \
        'domain must be empty or a domain name' 'requests_per_minute must be between' 'alert_email must be' \
        'Unsuitable value for var.protected' -- \
        -var 'project=My Project' -var region=europe-west5 -var name=Prod -var range=10.20.0.0 -var release=/nowhere \
        -var image=ubuntu-os-cloud/ubuntu-2404-lts \
        -var 'bulkhead={ machine = "huge", min = 4, max = 3, cpu = 75, initialisation_s = -1 }' \
        -var 'read={ machine = "", min = 1.5, max = 2, cpu = 0, disk_gb = 5 }' -var 'write={ machine = "e2", servers = 0 }' \
        -var sql_tier=large -var redis_tier=standard -var redis_gb=0 -var domain=http://x -var requests_per_minute=-1 \
        -var alert_email=nobody -var protected=perhaps
}

# What somebody might do to the tree one day: in words, the file, what stands there, and what then would.
mistakes=(
    'a public address on every server|modules/group/main.tf|subnetwork = var.subnetwork|subnetwork = var.subnetwork\n    access_config {}'
    'servers that boot unverified|modules/group/main.tf|enable_secure_boot          = true|enable_secure_boot          = false'
    'keys of the project let in|modules/group/main.tf|block-project-ssh-keys = "true"|block-project-ssh-keys = "false"'
    'a replacement that takes servers away first|modules/group/main.tf|max_unavailable_fixed        = 0|max_unavailable_fixed        = 3'
    'healing before a boot can end|environment/main.tf|first_boot_s = 180, disk_gb = 10$|first_boot_s = 60, disk_gb = 10'
    'a firewall that lets everybody in|modules/network/firewall.tf|"35.191.0.0/16"|"0.0.0.0/0"'
    'a public address on the database|modules/data/main.tf|ipv4_enabled    = false|ipv4_enabled    = true'
    'no logical decoding|modules/data/main.tf|value = "on"|value = "off"'
    'a Redis without AUTH|modules/data/main.tf|auth_enabled       = true|auth_enabled       = false'
    'the AUTH string as an output|modules/data/outputs.tf|google_redis_instance.this.name|google_redis_instance.this.auth_string'
    'a primitive role|modules/identity/main.tf|roles/logging.logWriter|roles/editor'
    'a gateway that cannot look in Redis|modules/identity/main.tf|redis-url          = \["bulkhead", |redis-url          = ['
    'an address by hand|environment/main.tf|^      settings = {}|      settings = { READ_SERVERS = "10.20.0.13:8000" }'
    'a secret in the metadata|environment/main.tf|DRAIN_SECONDS = 20 .*|CLUSTER_KEY   = "not-so-secret"'
    'a balancer that does not wait|modules/balancer/main.tf|timeout_sec                     = 30|timeout_sec                     = 3'
    'gateways scaled at 90 %|prod/terraform.tfvars|cpu = 0.75, initialisation_s|cpu = 0.9, initialisation_s'
    'a database that can be deleted|prod/terraform.tfvars|protected           = true|protected           = false'
    'a misspelt argument|modules/group/main.tf|max_replicas    = var.size.max|max_replica     = var.size.max'
    'a misspelt output|environment/main.tf|module.identity.accounts\[each.key\]|module.identity.account[each.key]'
    'a state for everybody|state/main.tf|public_access_prevention    = "enforced"|public_access_prevention    = "inherited"'
)

planted_mistakes_are_caught() {
    local mistake words file right wrong root
    copy planted
    sound planted prod || fail "the copy is not sound: $(<"$work/said")"
    for mistake in "${mistakes[@]}"; do
        IFS='|' read -r words file right wrong <<<"$mistake"
        root=prod
        [[ $file != state/* ]] || root=state
        cp "$work/planted/terraform/$file" "$work/before"
        sed -i -E "s|${right//\{/\\\{}|$wrong|" "$work/planted/terraform/$file"
        ! cmp -s "$work/before" "$work/planted/terraform/$file" || fail "could not plant $words"
        if sound planted $root; then
            fail "nobody noticed $words"
        fi
        echo "  caught: $words: $(grep -E '^module\.|^google_|^hands on|^settings|^An argument|^This object does' "$work/said" | tail -n 1)"
        cp "$work/before" "$work/planted/terraform/$file"
    done
    echo "  ${#mistakes[@]} planted mistakes are caught"
}

main "$@"
