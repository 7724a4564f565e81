#!/usr/bin/env bash
# Every comparison of README.md beside this file, on one machine: installs what is missing, builds,
# measures, writes RESULTS.md and draws the charts. Options are those of run.py.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=startup/packages.sh
source startup/packages.sh

load_packages=(
    wrk gunicorn python3-django python3-djangorestframework python3-psycopg2
    haproxy nginx-light python3-matplotlib)

ensure_packages "${build_packages[@]}" "${run_packages[@]}" "${load_packages[@]}" \
    python3-psycopg python3-redis python3-requests
if [[ -z ${MAMPARO_BINARY:-} ]]; then
    say "building"
    mkdir -p build
    {
        cmake -S . -B build/gcc -G Ninja -DCMAKE_C_COMPILER=gcc
        cmake --build build/gcc --target mamparo load_tools
    } >build/load.log 2>&1 || die "it does not build" "build/load.log says why"
    MAMPARO_BINARY=$PWD/build/gcc/mamparo
fi
export MAMPARO_BINARY
# Ten thousand connections have two ends each, and HAProxy wants more.
ulimit -n "$(ulimit -Hn)"
exec tests/load/run.py "$@"
