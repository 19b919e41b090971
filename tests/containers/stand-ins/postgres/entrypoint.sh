#!/bin/sh
# Makes the cluster at the first start, as the official image does: POSTGRES_USER, POSTGRES_PASSWORD(_FILE),
# POSTGRES_DB and the scripts of /docker-entrypoint-initdb.d.
set -eu

if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
    user=${POSTGRES_USER:-postgres}
    password=${POSTGRES_PASSWORD:-$(cat "${POSTGRES_PASSWORD_FILE:?a password is needed}")}
    printf '%s' "$password" | initdb --username="$user" --pwfile=/dev/stdin --auth-host=scram-sha-256 >/dev/null
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    pg_ctl --wait --silent -o "-c listen_addresses=''" start >/dev/null
    export PGUSER="$user" PGDATABASE=postgres
    if [ "${POSTGRES_DB:-$user}" != postgres ]; then
        psql --quiet --set=ON_ERROR_STOP=1 -c "CREATE DATABASE \"${POSTGRES_DB:-$user}\""
    fi
    export PGDATABASE="${POSTGRES_DB:-$user}"
    for script in /docker-entrypoint-initdb.d/*; do
        case $script in
            *.sh) . "$script" ;;
            *.sql) psql --quiet --set=ON_ERROR_STOP=1 --file="$script" ;;
        esac
    done
    pg_ctl --wait --silent --mode=fast stop
    set -- "$@"
fi
[ "$1" != postgres ] || set -- "$@" -c listen_addresses='*'
exec "$@"
