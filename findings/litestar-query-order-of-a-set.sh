#!/usr/bin/env bash
# Litestar's query parameters come in the order of a set, which differs from process to process.
#
# Version: litestar 2.25.0.
# Measured: 2026-11-29, Python 3.11, Linux.
#
# `request.query_params.multi_items()` and `.dict()` list the names of a query in another order than they were sent,
# and in another one with another PYTHONHASHSEED, which Python draws anew for each process. A test that passes in one
# process may fail in the next. `items()` keeps the order.
# Whoever rebuilds a signed text from these pairs refuses genuine requests, and not always.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install litestar==2.25.0

cat >probe.py <<'PYTHON'
from litestar.datastructures import MultiDict

query = MultiDict([(name, "x") for name in "abcdefgh"])  # the class of request.query_params
print("items", *(name for name, _ in query.items()))
print("multi_items", *(name for name, _ in query.multi_items()))
PYTHON

for seed in 1 2 3 4 5; do PYTHONHASHSEED=$seed env/bin/python probe.py; done >orders.txt
{
    env/bin/python -c 'from importlib.metadata import version; print("litestar", version("litestar"))'
    grep '^items' orders.txt | sort -u
    echo "orders of multi_items in 5 processes: $(grep '^multi_items' orders.txt | sort -u | wc -l)"
} >seen.txt
cat >expected.txt <<'TEXT'
litestar 2.25.0
items a b c d e f g h
orders of multi_items in 5 processes: 5
TEXT
cat orders.txt seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
