#!/bin/sh
# Run once by the image when the cluster is new: the service owns its database and is no superuser,
# and the exporter may read statistics and nothing else.
set -eu
psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname postgres \
    --set database_password="$(cat "$DATABASE_PASSWORD_FILE")" \
    --set monitor_password="$(cat "$MONITOR_PASSWORD_FILE")" << 'SQL'
CREATE ROLE petswipe LOGIN PASSWORD :'database_password';
CREATE DATABASE petswipe OWNER petswipe;
REVOKE CONNECT ON DATABASE petswipe FROM PUBLIC;
CREATE ROLE petswipe_monitor LOGIN PASSWORD :'monitor_password' CONNECTION LIMIT 5;
GRANT pg_monitor TO petswipe_monitor;
GRANT CONNECT ON DATABASE petswipe TO petswipe_monitor;
SQL
