"""Ask the oracles in PHP the same under several versions of PHP, and list where these differ.

    nice python -m tests.oracles.versions [--cases 10000] [--seed 1] [PLATFORM…]

The versions come from npm, compiled to WebAssembly, pinned, into a temporary folder (470 MB, Node 20 or later). Asked are
all vectors and random questions: by the oracles, by what PHP's own functions make of them, and, from 8.1 on, by the
verifiers in `docs/verifiers`. Where versions differ, one line says how often, and for which input first.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from handshakes.spec import exchanges
from tests.differential.oracles import ASKED
from tests.differential.run import questions
from tests.docs.languages import FOLDER as VERIFIERS
from tests.oracles import tool

PACKAGES = ("@php-wasm/node@3.1.56", "@php-wasm/universal@3.1.56")
VERSIONS = ("7.4", "8.0", "8.1", "8.2", "8.3", "8.4", "8.5")
READS_VERIFIERS = VERSIONS[2:]
HERE = Path(__file__).parent
Data = dict[str, Any]


def functions(platform: str, question: Data) -> list[Data]:
    """Return what is asked of PHP's own functions, without the checks of a careful verifier."""
    given, asked = question["given"], question["input"]
    if platform == "onoffice" and asked.get("target", "").startswith("http"):
        url, secret = asked["target"], given.get("secret", "secret")
        return [{"do": "text", "url": url}, {"do": "php", "url": url, "secret": secret}]
    if platform == "fortis" and "data" in asked:
        return [{"do": "loose", "data": asked["data"], "secret": given["secret"]}]
    if platform == "retailcrm" and "utf8" in asked.get("body", {}):
        return [{"body": asked["body"]["utf8"], "secret": given["secret"]}]
    return []


def asked_of(platform: str, cases: int, seed: int) -> tuple[list[Data], list[Data]]:
    """Return the questions, and the same as the platform's oracle is asked them."""
    known = [question for question, _ in exchanges.questions(platform)]
    drawn = known + questions(platform, random.Random(f"{platform} {seed}"), cases)
    every = [
        case for question in drawn for case in [ASKED[platform](question), *functions(platform, question)]
    ]
    return drawn, [case for case in every if case is not None and readable(case)]


def readable(case: Data) -> bool:
    """Say whether PHP can read a question: `json_decode` takes no half of a surrogate pair."""
    try:
        json.dumps(case, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def answers(folder: Path, version: str, scripts: Path, script: str, asked: list[Data]) -> list[str]:
    """Return one version's answers, as the lines that it writes."""
    file = folder / "questions"
    file.write_text("".join(json.dumps(one) + "\n" for one in asked))
    command = [tool("node"), str(folder / "wasm.mjs"), version, str(scripts), script, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    lines = done.stdout.split("\n")[:-1]
    assert len(lines) == len(asked), (version, script, len(lines), len(asked), done.stderr[-500:], lines[-1:])
    return lines


def differences(
    asked: list[Data], said: dict[str, list[str]]
) -> dict[str, list[tuple[Data, dict[str, str]]]]:
    """Return the cases in which versions differ, by what is asked and by how the versions fall apart."""
    found = defaultdict(list)
    for place, one in enumerate(asked):
        by_answer = defaultdict(list)
        for version, lines in said.items():
            by_answer[lines[place]].append(version)
        if len(by_answer) > 1:
            kind = one.get("do") or one.get("operation") or "body"
            apart = " | ".join(" ".join(versions) for versions in by_answer.values())
            found[f"{kind}: {apart}"].append((one, {" ".join(v): line for line, v in by_answer.items()}))
    return found


def main() -> int:
    """Install, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--installed", type=Path, help="a folder in which the packages are already")
    parser.add_argument("platforms", nargs="*", choices=[*ASKED, []], default=[])
    given = parser.parse_args()
    with TemporaryDirectory() as made:
        folder = given.installed or Path(made)
        if not given.installed:
            (folder / "package.json").write_text("{}")
            subprocess.run(
                [tool("npm"), "install", "--silent", "--no-audit", *PACKAGES], cwd=folder, check=True
            )
        (folder / "wasm.mjs").write_bytes((HERE / "wasm.mjs").read_bytes())
        for platform in given.platforms or ASKED:
            drawn, cases = asked_of(platform, given.cases, given.seed)
            kinds = [("docs/verifiers", VERIFIERS / "php", "adapter.php", drawn, READS_VERIFIERS)]
            if (HERE / f"{platform}.php").exists():
                kinds.append(("tests/oracles", HERE, f"{platform}.php", cases, VERSIONS))
            for name, scripts, script, asked, versions in kinds:
                said = {version: answers(folder, version, scripts, script, asked) for version in versions}
                found = differences(asked, said)
                print(
                    f"{platform}, {name}: {len(asked)} asked of {len(versions)} versions, {sum(map(len, found.values()))} differ"
                )
                for kind, cases_of_kind in sorted(found.items()):
                    print(f"  {len(cases_of_kind):6} {kind}")
                    for one, by_version in cases_of_kind[:4]:
                        print("        ", json.dumps(one)[:400])
                        for some, line in by_version.items():
                            print("            ", some, line[:300], flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
