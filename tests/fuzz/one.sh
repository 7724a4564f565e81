#!/usr/bin/env bash
# one.sh <fuzzer>: its corpus, then FUZZ_SECONDS of its own ideas. What it finds worth keeping goes to
# build/fuzz/found/<name>, never into the tree; what makes it crash, to build/fuzz/crash/<name>.
set -euo pipefail

name=${1#fuzz_}
program=build/fuzz/tests/$1
seconds=${FUZZ_SECONDS:-20}
corpora=("build/fuzz/found/$name")
if [[ -d tests/fuzz/corpus/$name ]]; then
    corpora+=("tests/fuzz/corpus/$name")
fi
# To libFuzzer, no time means for ever: no ideas are no runs.
effort=(-max_total_time="$seconds")
if ((seconds == 0)); then
    effort=(-runs=0)
fi

mkdir -p build/fuzz/{found,crash}/"$name"
log=build/fuzz/$name.log
if ! "$program" "${effort[@]}" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="build/fuzz/crash/$name/" "${corpora[@]}" >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    echo "  $1 crashed; the input is in build/fuzz/crash/$name" >&2
    exit 1
fi
echo "  $1: $(grep -oE '^#[0-9]+' "$log" | tail -n 1 | tr -d '#') inputs, nothing found"
