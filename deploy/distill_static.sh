#!/usr/bin/env bash
# Makes the built-in bilingual table again: `distill_static.sh BINARY OUT`, about a quarter of an hour.
# The dictionaries come with two crates, the teacher with `make setup`; PAIRS names the folder with
# STS-B's train files in English and Chinese.
set -euo pipefail
binary="$1" out="$2"
pairs="${PAIRS:-../shared/corpora/nlp/tasks/similarity}"
teacher="${TEACHER:-${AUTOGLM_TEST_MODELS:-$HOME/.cache/autoglm/models}/minilm}"
[ -e "$teacher/model.safetensors" ] || { echo "no teacher in $teacher; make setup fetches it" >&2; exit 1; }
[ -e "$pairs/stsb-en-train.jsonl" ] || { echo "no stsb-en-train.jsonl in $pairs; set PAIRS" >&2; exit 1; }
# Only the data files of these crates are read; nothing of them is built.
empty="$(mktemp -d)"
trap 'rm -rf "$empty"' EXIT
mkdir "$empty/src" && touch "$empty/src/lib.rs"
cat >"$empty/Cargo.toml" <<MANIFEST
[package]
name = "data"
edition = "2024"
[dependencies]
chinese_dictionary = "=2.1.5"
jieba-rs = "=0.11.0"
[workspace]
MANIFEST
cargo fetch --quiet --manifest-path "$empty/Cargo.toml"
found() { # found PATH_IN_REGISTRY
    find "${CARGO_HOME:-$HOME/.cargo}/registry/src" -path "*/$1" | head -n 1
}
"$binary" distill static \
    --teacher "$teacher" \
    --dictionary "$(found chinese_dictionary-2.1.5/data/data.dictionary)" \
    --frequencies "$(found jieba-rs-0.11.0/src/data/dict.txt)" \
    --pairs "$pairs/stsb-en-train.jsonl" \
    --pairs-zh "$pairs/stsb-zh-train.jsonl" \
    --out "$out"
