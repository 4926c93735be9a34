#!/usr/bin/env bash
# Checks and unit tests of the page.
set -euo pipefail
cd "$(dirname "$0")/../web"
if ! command -v npm >/dev/null 2>&1; then
    echo "SKIPPED: the page's checks (no Node)"
    [ -z "${AUTOGLM_NO_SKIP:-}" ] || exit 1
    exit 0
fi
npm run check
npm test
