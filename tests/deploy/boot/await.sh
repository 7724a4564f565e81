#!/usr/bin/env bash
# The lab starts a machine before its metadata are whole (metadata.py), and a busy one is late with them.
set -euo pipefail

attribute() {
    curl -sSf -m 5 -H 'Metadata-Flavor: Google' \
        "http://metadata.google.internal/computeMetadata/v1/instance/attributes/$1"
}

until [[ $(attribute lab-is-done 2>/dev/null) == yes ]]; do
    sleep 0.1
done
exec bash -c "$(attribute startup-script)"
