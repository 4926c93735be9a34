#!/usr/bin/env bash
# Builds the page into web/dist when its sources are newer; without Node says so and goes on.
set -euo pipefail
cd "$(dirname "$0")/../web"
if ! command -v npm >/dev/null 2>&1; then
    echo "web: Node is missing, so the page is not built; the node will show how to build it"
    [ -z "${AUTOGLM_NO_SKIP:-}" ] || exit 1
    exit 0
fi
if [ -f dist/index.html ] && [ -z "$(find src index.html package-lock.json vite.config.ts -newer dist/index.html -print -quit)" ]; then
    exit 0
fi
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules ]; then
    npm ci --no-audit --no-fund
    touch node_modules
fi
npm run build
