#!/usr/bin/env bash
# Every test of Mamparo, from a clean clone: installs what is missing, then one stage after another,
# cheapest first. The first stage that fails ends the run.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=startup/packages.sh
source startup/packages.sh

stages=(style gcc readme clang tidy unit asan fuzz system load deploy)
fuzz_s=${FUZZ_SECONDS:-20}
cores=$(nproc)

usage() {
    cat <<END
tests/run.sh [stage…]      all of them, or just those

  style    layers, sizes, format, shellcheck
  gcc      the whole tree, warnings are errors
  readme   the README's settings table is the program's own
  clang    the whole tree again
  tidy     clang-tidy over src
  unit     the unit tests
  asan     the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
  fuzz     every fuzzer: its corpus, then FUZZ_SECONDS (default 20) of its own ideas
  system   real servers: PostgreSQL, Redis, and our binary in every role
  load     every comparison of tests/load once and tiny: that it works, not how fast it is
  deploy   image, manifests and Terraform, as far as their tools are at hand
END
}

main() {
    case ${1:-} in
    -h | --help)
        usage
        return
        ;;
    esac
    local stage
    for stage in "$@"; do
        [[ " ${stages[*]} " == *" $stage "* ]] || die "there is no stage '$stage'; there are: ${stages[*]}"
    done
    ensure_packages "${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}"
    if (($# == 0)); then
        set -- "${stages[@]}"
    fi
    for stage in "$@"; do
        run_stage "$stage"
    done
    printf '\n== all is well: %s, %d s\n' "$*" $SECONDS
}

# Not `stage || …`: bash would then go on after a failure inside it.
run_stage() {
    local began=$SECONDS
    current=$1
    trap 'printf "\n== %s FAILED\n" "$current" >&2' EXIT
    printf '\n== %s\n' "$1"
    "stage_$1"
    trap - EXIT
    say "$1: $((SECONDS - began)) s"
}

stage_style() {
    /usr/bin/python3 tests/layers.py
    /usr/bin/python3 tests/style/sizes.py
    find src tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} +
    grep -rlE '^#!.*/(env )?(ba)?sh$' startup tests .ci | xargs shellcheck -x -a
}

stage_gcc() {
    build gcc -DCMAKE_C_COMPILER=gcc
}

stage_readme() {
    stage_gcc
    /usr/bin/python3 tests/style/readme.py build/gcc/mamparo
}

stage_clang() {
    build clang -DCMAKE_C_COMPILER=clang
}

stage_tidy() {
    configure clang -DCMAKE_C_COMPILER=clang
    run-clang-tidy -quiet -j "$cores" -p build/clang "$PWD/src/.*\.c\$" 2>&1 | findings
}

# Its progress and its colours are noise; its exit code counts, by pipefail.
findings() {
    sed -E -e 's/\x1b\[[0-9;]*m//g' \
        -e '/^[^ ]*clang-tidy(-[0-9]+)? |^[0-9]+ warnings? (generated|treated)|^$/d'
}

stage_unit() {
    stage_gcc
    ctest --test-dir build/gcc --output-on-failure --parallel "$cores"
}

stage_asan() {
    build asan -DCMAKE_C_COMPILER=gcc -DSANITIZE=ON
    UBSAN_OPTIONS=print_stacktrace=1 \
        ctest --test-dir build/asan --output-on-failure --parallel "$cores"
}

stage_fuzz() {
    if ! compgen -G 'tests/fuzz/fuzz_*.c' >/dev/null; then
        say "no fuzzers yet"
        return
    fi
    configure fuzz -DCMAKE_C_COMPILER=clang -DFUZZ=ON -DSANITIZE=ON
    compile fuzz --target fuzzers
    local source
    for source in tests/fuzz/fuzz_*.c; do
        basename "$source" .c
    done | FUZZ_SECONDS=$fuzz_s xargs -P "$cores" -n 1 tests/fuzz/one.sh
}

stage_system() {
    stage_gcc
    if ! compgen -G 'tests/system/test_*.py' >/dev/null; then
        say "no system tests yet"
        return
    fi
    local parallel=()
    if /usr/bin/python3 -c 'import xdist' 2>/dev/null; then
        parallel=(-n 2 --dist loadfile)
    fi
    MAMPARO_BINARY=$PWD/build/gcc/mamparo \
        /usr/bin/python3 -m pytest tests/system -q "${parallel[@]}"
}

stage_load() {
    stage_gcc
    MAMPARO_BINARY=$PWD/build/gcc/mamparo tests/load/run.sh --short
}

stage_deploy() {
    stage_gcc
    tests/deploy/run.sh
}

# build <tree> <cmake option…>
build() {
    configure "$@"
    compile "$1"
}

# A tree that was left half made, or made for another place, is made afresh.
configure() {
    local log=build/$1.log options=(-S . -B "build/$1" -G Ninja "${@:2}")
    mkdir -p build
    if ! { cmake "${options[@]}" || cmake --fresh "${options[@]}"; } >"$log" 2>&1; then
        cat "$log" >&2
        return 1
    fi
}

compile() {
    cmake --build "build/$1" "${@:2}" -- -k 0 --quiet
}

main "$@"
