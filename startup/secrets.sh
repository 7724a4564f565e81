#!/usr/bin/env bash
# New secrets for one installation, as lines that Docker's .env and kubectl's --from-env-file read:
#
#   startup/secrets.sh >.env
#
# Keep them: without PSEUDONYM_KEY no pseudonym that was stored can be found again.
set -euo pipefail

secret() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

password=$(secret)
cat <<END
CLUSTER_KEY=$(secret)
PSEUDONYM_KEY=$(secret)
POSTGRES_PASSWORD=$password
WRITE_DATABASE_URL=postgresql://mamparo:$password@postgres:5432/mamparo
REDIS_URL=redis://redis:6379/0
END
