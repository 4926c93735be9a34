#!/usr/bin/env bash
# Installs what is missing, and only that. `setup.sh run`: what building needs.
# `setup.sh test`: also PostgreSQL, Redis and Chromium for the tests.
set -euo pipefail
goal="${1:-run}"
missing=()
need() { # need COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}
need gcc gcc
need make make
if [ "$goal" = test ]; then
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
    command -v chromium >/dev/null 2>&1 || missing+=(chromium fonts-noto-cjk)
fi
if [ "${#missing[@]}" -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "setup: installing ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        # The tests start servers of their own; the package's must not run beside them.
        mkdir -p /etc/postgresql-common
        [ -e /etc/postgresql-common/createcluster.conf ] ||
            echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    else
        echo "setup: missing ${missing[*]}; as root run: apt-get install ${missing[*]}"
    fi
fi
command -v cargo >/dev/null 2>&1 ||
    echo "setup: Rust is missing; install Rust 1.95 or newer with rustup"
command -v npm >/dev/null 2>&1 ||
    echo "setup: Node is missing; without it the node starts with a plain page (Node 20.19 or newer builds the full one)"
exit 0
