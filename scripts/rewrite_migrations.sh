#!/usr/bin/env bash
# Until 0.1.0 the initial migrations are rewritten: make them anew, keeping hand-made ones.
set -euo pipefail
cd "$(dirname "$0")/.."
kept=$(mktemp -d)
give_back() {
  for room in "$kept"/*/; do
    [ -d "$room" ] && mv "$room"* "src/wayhome/$(basename "$room")/migrations/"
  done
  rm -rf "$kept"
}
.venv/bin/wayhome django check >/dev/null  # what cannot be loaded must not cost the old ones
trap give_back EXIT
for file in src/wayhome/*/migrations/0002_*.py; do
  room=$(basename "$(dirname "$(dirname "$file")")")
  mkdir -p "$kept/$room" && mv "$file" "$kept/$room/"
done
rm -f src/wayhome/*/migrations/0001_initial.py
WAYHOME_DATA_DIR=$(mktemp -d) .venv/bin/wayhome django makemigrations --no-header
