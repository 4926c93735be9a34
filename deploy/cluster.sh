#!/usr/bin/env bash
# Three nodes with PostgreSQL and Redis of their own on this machine, and a live view of them.
# `cluster.sh BINARY [CONFIG]`; everything ends and is thrown away with Ctrl-C.
set -euo pipefail
watch="${AUTOGLM_CLUSTER_WATCH---watch}"
binary="$1"
config="${2:-config.yaml}"
folder="$(mktemp -d "${TMPDIR:-/tmp}/autoglm-cluster-XXXXXX")"
ports=(8000 8001 8002)
database_port="${AUTOGLM_CLUSTER_DATABASE_PORT:-8005}"
redis_port="${AUTOGLM_CLUSTER_REDIS_PORT:-8006}"
programs="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)"
[ -n "$programs" ] || programs="$(dirname "$(command -v initdb)")"

# PostgreSQL refuses root.
as_server() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}
finish() {
    trap - EXIT
    trap '' INT TERM # a second Ctrl-C must not leave half of it running
    kill $(jobs -p) 2>/dev/null || true
    wait 2>/dev/null || true
    as_server "$programs/pg_ctl" -D "$folder/postgres" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 0' INT TERM

mkdir "$folder/postgres"
chmod 755 "$folder"
[ "$(id -u)" != 0 ] || chown postgres "$folder/postgres"
as_server "$programs/initdb" -D "$folder/postgres" -A trust -U autoglm >/dev/null
as_server "$programs/pg_ctl" -D "$folder/postgres" -w -l "$folder/postgres/log" \
    -o "-p $database_port -k $folder/postgres -c listen_addresses=127.0.0.1" start >/dev/null || {
    tail -n 3 "$folder/postgres/log"
    echo "cluster: PostgreSQL does not start; AUTOGLM_CLUSTER_DATABASE_PORT chooses another port"
    exit 1
}
if command -v redis-server >/dev/null 2>&1; then
    redis-server --bind 127.0.0.1 --port "$redis_port" --save '' --dir "$folder" >"$folder/redis.log" &
    export AUTOGLM__CACHE__REDIS_URL="redis://127.0.0.1:$redis_port/0"
else
    echo "cluster: redis-server is missing; every node remembers for itself"
fi
"$binary" cluster certs "$folder/certificates" a b c >/dev/null
export AUTOGLM__DATABASE__URL="postgres://autoglm@127.0.0.1:$database_port/postgres"
export AUTOGLM__CLUSTER__BIND=127.0.0.1:0
names=(a b c)
nodes=()
for at in 0 1 2; do
    name="${names[$at]}"
    mkdir "$folder/$name"
    AUTOGLM__NODE__NAME="$name" AUTOGLM__NODE__DATA_DIRECTORY="$folder/$name" \
        AUTOGLM__SERVER__BIND="127.0.0.1:${ports[$at]}" \
        AUTOGLM__CLUSTER__CERTIFICATES="$folder/certificates/$name" \
        "$binary" --config "$config" serve >"$folder/$name.log" 2>&1 &
    nodes[at]=$!
done
for at in 0 1 2; do
    until "$binary" --bind "127.0.0.1:${ports[$at]}" healthcheck --ready >/dev/null 2>&1; do
        if ! kill -0 "${nodes[$at]}" 2>/dev/null; then
            echo "cluster: node ${names[$at]} has ended:"
            tail -n 5 "$folder/${names[$at]}.log"
            exit 1
        fi
        sleep 0.5
    done
    grep -h "ready at\|operator:" "$folder/${names[$at]}.log"
done
echo "cluster: logs are in $folder; Ctrl-C ends it"
AUTOGLM__NODE__DATA_DIRECTORY="$folder/a" "$binary" --bind "127.0.0.1:${ports[0]}" cluster status $watch &
# A shell that waits hears signals at once; one with a program in front of it only when that ends.
wait $!
