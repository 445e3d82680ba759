#!/bin/sh
# Make the secrets of docker-compose.yml in compose/secrets/, which git ignores:
#   compose/secrets.sh
# What is there already stays, so put the real ones of Alertmanager there before or after. To have a
# new one, delete its file, run this again, and `docker compose up -d --force-recreate` the services
# that use it. Five are only read while something is new: what exists keeps the old one, until told:
#   postgres_password (of role postgres), database_password (of petswipe), monitor_password (of
#   petswipe_monitor):
#     echo "ALTER ROLE petswipe PASSWORD '$(cat compose/secrets/database_password)'" |
#       docker compose exec -T postgres psql postgres
#   grafana_password:
#     docker compose exec -T grafana grafana cli admin reset-admin-password \
#       --password-from-stdin < compose/secrets/grafana_password
#   seed_password: accounts that are there keep theirs; the load test needs a database without them.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets
# What follows is written anew; at the end nobody may change it by accident.
find . -type f -exec chmod u+w {} +

# make NAME COMMAND…: write what the command prints, unless the file is there.
make() {
    name=$1
    shift
    [ -s "$name" ] || { "$@" > "$name.part" && mv "$name.part" "$name"; }
}

for name in postgres_password database_password monitor_password valkey_password \
    minio_password grafana_password seed_password; do
    make "$name" openssl rand -hex 24
done
make minio_user printf '%s' petswipe
make jwt_private_key openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2> /dev/null

# A certificate for localhost that its makers vouch for alone; put a real one in its place.
if [ ! -s gateway_certificate ] || [ ! -s gateway_key ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 397 -subj /CN=localhost \
        -addext 'subjectAltName=DNS:localhost,DNS:gateway,IP:127.0.0.1' \
        -keyout gateway_key -out gateway_certificate 2> /dev/null
fi

# Alertmanager reads these when it sends: without the real ones it tells only the incident log.
for name in smtp-password slack-api-url pagerduty-routing-key ticket-token; do
    make "$name" printf '%s' 'https://not-configured.petswipe.example'
done

# What follows repeats the passwords above, in the form that a program wants.
database=$(cat database_password)
valkey=$(cat valkey_password)
# An address that somebody has put there, like that of a standby, stays.
case $(cat pet_database_url 2> /dev/null) in
    '' | postgresql://petswipe:*@postgres:5432/petswipe)
        printf 'postgresql://petswipe:%s@postgres:5432/petswipe' "$database" > pet_database_url ;;
    *"$database"*) ;;
    *) echo 'pet_database_url stays, which is not made of database_password: see to it' >&2 ;;
esac
printf 'redis://:%s@valkey:6379/0' "$valkey" > pet_cache_url
printf 'requirepass %s\n' "$valkey" > valkey_conf
printf '{"redis://valkey:6379": "%s"}' "$valkey" > redis_passwords
printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' \
    "$(cat minio_user)" "$(cat minio_password)" > aws_credentials

# Each container runs as a user of its own, and the folder keeps everybody else out.
chmod 0444 ./*
