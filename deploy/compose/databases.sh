#!/bin/sh
# One database each for the gateway and the provider, each owned by a role of its own.
set -eu

for name in gateway msign; do
    psql --username "$POSTGRES_USER" --dbname postgres --quiet --set=ON_ERROR_STOP=1 \
        --set=name="$name" --set=password="$(cat "/run/own/$name")" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
done
