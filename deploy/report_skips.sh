#!/usr/bin/env bash
# Names and counts what the tests skipped.
set -euo pipefail
log="${CARGO_TARGET_DIR:-target}/autoglm-skips.log"
if [ -s "$log" ]; then
    sort "$log" | uniq -c
    echo "skipped: $(wc -l <"$log")"
else
    echo "skipped: nothing"
fi
