#!/usr/bin/env bash
# SQLAlchemy reads a plus in the query of a database URL as a space; psycopg and libpq read the same URL with a plus.
#
# Versions: sqlalchemy 2.1.9, psycopg 3.3.9 (libpq of psycopg-binary 3.3.9).
# Measured: 2026-11-30, Python 3.11, Linux.
#
# The manual of PostgreSQL knows percent escapes alone in a connection URI. SQLAlchemy keeps a plus in the user, the
# password and the name of the database, but takes the query apart as an HTML form.
# One DATABASE_URL that both read gives two passwords if it has `?password=`, or two names of an application. `%2B` is
# read alike.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install \
    sqlalchemy==2.1.9 psycopg==3.3.9 psycopg-binary==3.3.9

cat >probe.py <<'PYTHON'
from importlib.metadata import version

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import create_engine

print("sqlalchemy", version("sqlalchemy"), "psycopg", version("psycopg"))
for rest in ("//u:p+w@h/d", "//u@h/d?password=p+w", "//u@h/d?password=p%2Bw", "//u@h/d?application_name=a+b"):
    engine = create_engine(f"postgresql+psycopg:{rest}")
    _, given = engine.dialect.create_connect_args(engine.url)
    libpq = conninfo_to_dict(f"postgresql:{rest}")
    names = sorted({"password", "application_name"} & libpq.keys())
    print(rest, *(f"{name}: sqlalchemy {given[name]!r}, libpq {libpq[name]!r}" for name in names))
PYTHON

env/bin/python probe.py >seen.txt
cat >expected.txt <<'TEXT'
sqlalchemy 2.1.9 psycopg 3.3.9
//u:p+w@h/d password: sqlalchemy 'p+w', libpq 'p+w'
//u@h/d?password=p+w password: sqlalchemy 'p w', libpq 'p+w'
//u@h/d?password=p%2Bw password: sqlalchemy 'p+w', libpq 'p+w'
//u@h/d?application_name=a+b application_name: sqlalchemy 'a b', libpq 'a+b'
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
