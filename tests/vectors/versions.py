"""Raise the version of every file whose content changed, in `versions.toml` and in the file.

    python tests/vectors/versions.py            the second number: something was added
    python tests/vectors/versions.py --major    the first: an answer changed, an id went, a rule became another

docs/stability.md says what the numbers promise. Run the generators and `handshakes vectors format` before.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
from pathlib import Path

KEPT = Path(__file__).with_name("versions.toml")
PACKAGE = Path(__file__).parents[2] / "reference" / "handshakes"
FILES = {name: f"{name}/vectors.json" for name in ("officernd", "retailcrm", "onoffice", "fortis")} | {
    "vectors.schema": "spec/vectors.schema.json",
    "exchange.schema": "spec/exchange.schema.json",
    "answer.schema": "explain/answer.schema.json",
}
HEAD = """\
# The version of each file that other languages rely on, and the digest of its content. `python tests/vectors/versions.py`
# raises a number; docs/stability.md says what the numbers promise.
"""


def content(text: str) -> tuple[str, str]:
    """Return the version that a file names, and the digest of all the rest of it, however it is laid out."""
    value = json.loads(text)
    version = value.pop("version")
    value.pop("made_by", None)
    return version, hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def raised(version: str, major: bool) -> str:
    """Return the next version.

    >>> raised("1.4", False), raised("1.4", True)
    ('1.5', '2.0')
    """
    first, second = map(int, version.split("."))
    return f"{first + 1}.0" if major else f"{first}.{second + 1}"


def main() -> None:
    """Write the versions of what changed, and say which."""
    kept = tomllib.loads(KEPT.read_text("utf-8")) if KEPT.is_file() else {}
    parts = [HEAD]
    for name, path in FILES.items():
        text = (PACKAGE / path).read_text("utf-8")
        version, digest = content(text)
        before = kept.get(name, {})
        if before and before["sha256"] != digest:
            version = raised(before["version"], "--major" in sys.argv[1:])
            for file in {PACKAGE / path, PACKAGE / path.replace("vectors.json", "canonical.json")}:
                file.write_text(
                    re.sub(
                        r'"version": "[0-9.]+"', f'"version": "{version}"', file.read_text("utf-8"), count=1
                    ),
                    "utf-8",
                )
            print(f"{name}: {version}")
        key = f'"{name}"' if "." in name else name
        parts.append(f'[{key}]\nversion = "{version}"\nsha256 = "{digest}"\n')
    KEPT.write_text("\n".join(parts), "utf-8")


if __name__ == "__main__":
    main()
