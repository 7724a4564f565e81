#!/usr/bin/env bash
# The Terraform tree: formatted, valid, planned, applied, planned again (empty) and destroyed in both
# environments, its own tests and the policies; mistakes that are planted in copies are each caught.
# A stand-in provider with the real one's schema takes Google's place (../shared/deploy/tf-stub).
#
#   tests/deploy/terraform.sh       needs MAMPARO_DEPLOY_TOOLS, or ../shared/deploy
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$repo/tests/deploy
tools=$(realpath -m "${MAMPARO_DEPLOY_TOOLS:-$repo/../shared/deploy}")
export TF_VAR_project=a-project TF_VAR_release TF_INPUT=0

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
        TF_WORK=$work "$work/tf-stub/run.sh" "${BASH_SOURCE[0]}" inside
        return
    fi
    work=$TF_WORK
    TF_VAR_release=$work/release.tar.gz
    echo a release >"$TF_VAR_release"
    terraform fmt -check -recursive "$repo/terraform" || fail "terraform fmt would change these"
    python3 "$here/inputs.py" "$repo"/terraform/environment "$repo"/terraform/modules/*/ || fail "a README is not true"
    local environment
    for environment in dev prod; do
        an_environment_comes_and_goes $environment
    done
    environments_differ_in_variables_only
    bad_variables_are_refused
    planted_mistakes_are_caught
    echo "terraform: all is well, $SECONDS s"
}

# The stand-in gives every ip_address a string; that of a database is a list.
stand_in() {
    cp -r "$tools/tf-stub" "$work/"
    sed -i "s|^  switch (n) {|  if (n === 'ip_address' \&\& a.type !== 'string') return [];\n&|" "$work/tf-stub/stub.js"
}

# copy <name>: a tree of its own
copy() {
    mkdir -p "$work/$1"
    cp -a "$repo/terraform" "$repo/startup" "$work/$1/"
}

at() {
    terraform -chdir="$work/$1/terraform/$2" "${@:3}" -no-color
}

# sound <copy> <environment>: what every tree must pass; its words are kept in $work/said.
sound() {
    {
        at "$1" "$2" init && at "$1" "$2" validate && at "$1" "$2" plan -out plan.bin &&
            terraform -chdir="$work/$1/terraform/$2" show -json plan.bin >"$work/$1/plan.json" &&
            python3 "$here/policy.py" "$work/$1/plan.json"
    } >"$work/said" 2>&1
}

an_environment_comes_and_goes() {
    local said
    copy "$1"
    sound "$1" "$1" || fail "$1: $(tail -n 20 "$work/said")"
    said=$(at "$1" "$1" test 2>&1) || fail "$1: $said"
    with_gcloud "$1"
    at "$1" "$1" apply plan.bin >"$work/said" 2>&1 || fail "$1: $(tail -n 20 "$work/said")"
    nothing_secret_is_left_behind "$1"
    at "$1" "$1" plan -detailed-exitcode >"$work/said" 2>&1 || fail "$1: a second plan is not empty: $(tail -n 20 "$work/said")"
    at "$1" "$1" destroy -auto-approve >"$work/said" 2>&1 || fail "$1: $(tail -n 20 "$work/said")"
    echo "  $1: $(grep -oE 'Destroy complete! Resources: [0-9]+' "$work/said"), after apply and an empty plan; ${said##*$'\n'}"
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
}

environments_differ_in_variables_only() {
    local file
    for file in main variables outputs versions; do
        [[ $repo/terraform/dev/$file.tf -ef $repo/terraform/prod/$file.tf ]] || fail "$file.tf is not the same in dev and prod"
    done
}

# refused <variable> <what Terraform must say>
refused() {
    if at dev dev plan -var "$1" >"$work/said" 2>&1; then
        fail "$1 was planned"
    fi
    tr -s ' \n│' ' ' <"$work/said" | grep -qF -- "$2" || fail "$1 is refused, but not with \"$2\": $(cat "$work/said")"
}

bad_variables_are_refused() {
    local gateways='machine = "e2-small", cpu = 0.75, initialisation_s = 60'
    refused 'project=My Project' "project must be a project's id"
    refused region=us-centrall1 "region must be one of Google Cloud's"
    refused "bulkhead={ min = 4, max = 3, $gateways }" 'min must be at least 1 and not above max'
    refused release=/nowhere 'there is no file at that path'
    refused range=10.20.0.0 'range must be an IPv4 range'
    refused domain=http://x 'domain must be empty or a domain name'
    refused image=ubuntu-os-cloud/ubuntu-2404-lts 'image must be Debian 12'
    refused redis_gb=0 'redis_gb must be between 1 and 300'
    TF_VAR_project='' refused project= "project must be a project's id"
    echo "  bad variables are refused, in words"
}

# A file of the tree, what stands there, and what somebody might have written instead.
mistakes=(
    'modules/group/main.tf|subnetwork = var.subnetwork|subnetwork = var.subnetwork\n    access_config {}'
    'modules/group/main.tf|enable_secure_boot          = true|enable_secure_boot          = false'
    'modules/group/main.tf|block-project-ssh-keys = "true"|block-project-ssh-keys = "false"'
    'modules/group/main.tf|max_unavailable_fixed        = 0|max_unavailable_fixed        = 3'
    'modules/network/firewall.tf|"35.191.0.0/16"|"0.0.0.0/0"'
    'modules/data/main.tf|ipv4_enabled    = false|ipv4_enabled    = true'
    'modules/data/main.tf|value = "on"|value = "off"'
    'modules/data/main.tf|auth_enabled       = true|auth_enabled       = false'
    'modules/identity/main.tf|roles/logging.logWriter|roles/editor'
    'modules/identity/main.tf|redis-url          = \["bulkhead", |redis-url          = ['
    'environment/main.tf|^      settings = {}|      settings = { READ_SERVERS = "10.20.0.13:8000" }'
    'modules/balancer/main.tf|timeout_sec                     = 30|timeout_sec                     = 3'
    'prod/terraform.tfvars|cpu = 0.75, initialisation_s|cpu = 0.9, initialisation_s'
    'prod/terraform.tfvars|protected           = true|protected           = false'
    'modules/group/main.tf|max_replicas    = var.size.max|max_replica     = var.size.max'
    'environment/main.tf|module.identity.accounts\[each.key\]|module.identity.account[each.key]'
)

planted_mistakes_are_caught() {
    local mistake file right wrong
    copy planted
    sound planted prod || fail "the copy is not sound: $(cat "$work/said")"
    for mistake in "${mistakes[@]}"; do
        IFS='|' read -r file right wrong <<<"$mistake"
        cp "$work/planted/terraform/$file" "$work/before"
        sed -i -E "s|${right//\{/\\\{}|$wrong|" "$work/planted/terraform/$file"
        ! cmp -s "$work/before" "$work/planted/terraform/$file" || fail "could not plant: $mistake"
        if sound planted prod; then
            fail "nobody noticed: $mistake"
        fi
        echo "  caught: $(grep -E '^module\.|Error: ' "$work/said" | tail -n 1)"
        cp "$work/before" "$work/planted/terraform/$file"
    done
    echo "  ${#mistakes[@]} planted mistakes are caught"
}

main "$@"
