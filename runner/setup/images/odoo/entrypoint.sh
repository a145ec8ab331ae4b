#!/bin/sh
# Keeps the official image's contract: HOST, PORT, USER and PASSWORD say where PostgreSQL is, the command `odoo`
# (with or without options) waits for it and runs the server, anything else is run as it is.
set -eu

case "${1:-odoo}" in
    odoo|-*) ;;
    *) exec "$@" ;;
esac
[ "${1:-}" = odoo ] && shift

: "${HOST:=db}" "${PORT:=5432}" "${USER:=odoo}" "${PASSWORD:=odoo}"

tries=150
until PGPASSWORD=$PASSWORD psql -h "$HOST" -p "$PORT" -U "$USER" -d postgres -qAtc 'select 1' >/dev/null 2>&1; do
    tries=$((tries - 1))
    if [ "$tries" -le 0 ]; then
        echo "entrypoint: no PostgreSQL at $HOST:$PORT for user $USER after 30 s" >&2
        exit 1
    fi
    sleep 0.2
done

exec odoo --db_host "$HOST" --db_port "$PORT" --db_user "$USER" --db_password "$PASSWORD" "$@"
