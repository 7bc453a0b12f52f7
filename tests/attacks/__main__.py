"""Print the attacks as a table in Markdown."""

from __future__ import annotations

from argparse import ArgumentParser

from .table import ATTACKS, ELSEWHERE, NOT_OURS


def main() -> None:
    """Print it; there is nothing to choose."""
    ArgumentParser(description=__doc__).parse_args()
    print(
        "| partner | source | what the attacker tries | answer | where |",
        "| --- | --- | --- | --- | --- |",
        sep="\n",
    )
    for one in ATTACKS:
        reasons = ", ".join(sorted(one.reasons)) or "no effect"
        print(f"| {one.partner} | {one.source} | {one.what} | {one.status}: {reasons} | tests/attacks |")
    for partner, source, what, where in ELSEWHERE:
        print(f"| {partner} | {source} | {what} | | {where} |")
    for partner, source, what in NOT_OURS:
        print(f"| {partner} | {source} | {what} | no partner can show it | |")


if __name__ == "__main__":
    main()
