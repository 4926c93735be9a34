#!/usr/bin/env bash
# Browser tests: the real binary, the real page, Debian's Chromium.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
chromium="$(command -v chromium || true)"
if ! command -v npm >/dev/null 2>&1 || [ -z "$chromium" ]; then
    echo "SKIPPED: the browser tests (Node or Chromium is missing)"
    [ -z "${AUTOGLM_NO_SKIP:-}" ] || exit 1
    exit 0
fi
target="${CARGO_TARGET_DIR:-$root/target}"
cd "$root/tests/browser"
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules ]; then
    npm ci --no-audit --no-fund
    touch node_modules
fi
AUTOGLM_BINARY="$target/debug/autoglm" AUTOGLM_CHROMIUM="$chromium" npm test
