#!/usr/bin/env bash
# SQLite does not wait for the busy timeout when it is told to write ahead into a log while another connection writes.
#
# Version: SQLite 3.51.1, in pysqlite3-binary 0.5.4.post2; SQLite 3.40.1 of Python 3.11 does the same.
# Measured: 2026-11-29, Python 3.11, Linux.
#
# `PRAGMA journal_mode = wal` fails at once with SQLITE_BUSY while another connection has begun to write, whatever the
# busy timeout says. It waits for a connection that reads, or that holds the file alone, and `BEGIN IMMEDIATE` waits in
# every case. The manual says that the busy handler is not asked where waiting could be a deadlock; it does not say that
# this pragma is such a case, and nothing here could wait for itself.
# Of several processes that open a new file at the same time, some fail to start.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install pysqlite3-binary==0.5.4.post2

cat >probe.py <<'PYTHON'
import time

import pysqlite3 as sqlite3

TIMEOUT = 2
print("SQLite", sqlite3.sqlite_version)
for number, other in enumerate(("BEGIN IMMEDIATE", "BEGIN EXCLUSIVE")):
    first = sqlite3.connect(f"{number}.sqlite", isolation_level=None)
    first.execute("CREATE TABLE t (x)")
    first.execute(other)
    for wanted in ("BEGIN IMMEDIATE", "PRAGMA journal_mode = wal"):
        second = sqlite3.connect(f"{number}.sqlite", timeout=TIMEOUT, isolation_level=None)
        start = time.monotonic()
        try:
            said = second.execute(wanted).fetchone()
        except sqlite3.OperationalError as error:
            said = error.args[0]
        waited = "waited" if time.monotonic() - start >= TIMEOUT - 0.1 else "did not wait"
        print(f"{other} held, {wanted}: {said}, {waited}")
        second.close()
    first.close()
PYTHON

env/bin/python probe.py >seen.txt
cat >expected.txt <<'TEXT'
SQLite 3.51.1
BEGIN IMMEDIATE held, BEGIN IMMEDIATE: database is locked, waited
BEGIN IMMEDIATE held, PRAGMA journal_mode = wal: database is locked, did not wait
BEGIN EXCLUSIVE held, BEGIN IMMEDIATE: database is locked, waited
BEGIN EXCLUSIVE held, PRAGMA journal_mode = wal: database is locked, waited
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
