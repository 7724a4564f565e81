# shellcheck shell=bash
# Where the tools of the deployment's tests are: beside the repository, or where
# MAMPARO_DEPLOY_TOOLS says. They are no part of Mamparo, so a stage without them is skipped, and
# says so. Sourced.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tools=${MAMPARO_DEPLOY_TOOLS:-$repo/../shared/deploy}
work=$repo/build/deploy
mkdir -p "$work"
export MAMPARO_DEPLOY_TOOLS=$tools

skip() {
    printf '  skipped: %s\n' "$*"
    exit 0
}

# need_tools <file or folder of the tools…>
need_tools() {
    local wanted
    for wanted in "$@"; do
        [[ -e $tools/$wanted ]] || skip "no $wanted in $tools (see MAMPARO_DEPLOY_TOOLS)"
    done
}

# need_commands <command…>
need_commands() {
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null || skip "there is no $command here"
    done
}

pytest() {
    /usr/bin/python3 -m pytest -q -p no:cacheprovider "$@"
}
