#!/usr/bin/env bash
# The yardstick: what a plain script does. Usage: run-tests.sh MODULE[,MODULE ...]
# Up, wait for the health check, install everything and test, down. `== NAME` on standard output begins a phase.
set -euo pipefail

module=${1:?Usage: run-tests.sh MODULE[,MODULE ...]}
project=${PROJECT_NAME:-bench-plain-$module-$(date +%Y%m%d-%H%M%S)}
compose=(docker compose -p "$project" -f "$(dirname "$0")/docker-compose.yml")

cleanup() {
    echo "== down"
    "${compose[@]}" down -v --remove-orphans
    echo "== end"
}
trap cleanup EXIT

export ODOO_PORT=
for port in $(seq "${FIRST_PORT:-8090}" "${LAST_PORT:-8100}"); do
    if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        ODOO_PORT=$port
        break
    fi
done
[ -n "$ODOO_PORT" ] || { echo "no free port"; exit 1; }

echo "== up"
"${compose[@]}" up -d

echo "== healthy"
container=$("${compose[@]}" ps -q odoo)
for _ in $(seq 150); do
    status=$(docker inspect -f '{{.State.Health.Status}}' "$container")
    [ "$status" = healthy ] && break
    sleep 1
done
[ "$status" = healthy ] || { echo "not healthy"; exit 1; }

echo "== tests"
"${compose[@]}" exec -T odoo odoo --db_host db --db_user odoo --db_password odoo --addons-path /mnt/extra-addons \
    -d test_db -i "$module" --test-tags "/${module//,/,/}" --stop-after-init --http-port 8070 2>&1 |
    tee "${LOG:-proof_of_execution_tests.log}"
