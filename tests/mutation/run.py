"""Mutation: change the package one small thing at a time, and count the changes that no test notices.

`python -m tests.mutation.run` tries every change of what an implementer reads (`core`, `signing`, `rules`,
`readings`); `--part rest` those of `explain`, `judge` and `partner`. `--sample 300 --seed 1` tries that many, drawn by
the seed; `--only PATTERN` those whose name holds it. Four ends are counted apart: *killed* (a test failed), *silent*
(none did), *dead* (listed in survivors.toml with why it changes nothing) and *inconclusive* (out of time, or the
process died). Exit status 0: nothing was silent or inconclusive. Two controls come first, in both ways to try a mutant:
no change must be silent, a wrong digest must be killed; otherwise the status is 5, and nothing is judged.
"""

from __future__ import annotations

import argparse
import ast
import os
import signal
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from random import Random

from tests.mutation.children import INCONCLUSIVE, KILLED, SILENT, Task, Verdict, judged
from tests.mutation.modules import FUNCTIONS, spans
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.running import PACKAGE, ROOT, Reach, Warm, distance, fresh, prepared, source

DEAD = "dead"
PLATFORMS = ("officernd", "retailcrm", "onoffice", "fortis")
PARTS = {
    "read": ("core/*.py", "*/signing.py", "*/rules.py", "*/rules/*.py", "*/readings.py"),
    "rest": ("explain/*.py", "judge/*.py", "*/partner/*.py"),
}
TESTS = {
    "read": (
        "tests/test_what_refusals_tell.py",
        "tests/core/test_*.py",
        "tests/*/test_signing.py",
        "tests/*/test_edges.py",
        "tests/*/test_vectors.py",
        "tests/fortis/test_partner.py",  # which counts the work of a refusal
        "tests/spec/test_linting.py",  # which compares ids with the register
    ),
    "rest": (
        "tests/explain/test_*.py",
        "tests/judge/test_*.py",
        "tests/test_safety_siblings.py",
        "tests/test_offered.py",
        *(f"tests/{name}/test_*.py" for name in PLATFORMS),
    ),
}
LOOKING = "test_spelling.py"
"""Tests of this file look at each text that the modules hold, and run no line of them: they are tried, however slow."""
UNFIT = ("test_linear_work.py", "test_plugin.py")
"""What measures work, and so may fail in a process that is being watched; and what runs pytest in programs of its own,
which read the package unchanged."""
BLIND = "the_generator_cannot_see_the_package"
"""Tests of this name start a program that reads no module of the package: they take long, and see no change."""
CONTROLS = {
    "read": "core/timestamps.py seconds_text: return str(timestamp) -> return None",
    "rest": "explain/budget.py Budget.spend: self.digests -= weight -> self.digests += weight",
}
SECONDS = 12.0
"""Tests of a mutant are run, the narrowest first, until those that are left would pass this CPU time together."""
SLOW = 2.0
FIRST = 3
"""So many of the tests that killed most mutants of a module are run before the others."""


class Plan:
    """The mutants of a part, and for each how and with which tests it is tried."""

    def __init__(self, modules: Sequence[str], reach: Reach) -> None:
        self._reach = reach
        self._trees = {module: ast.parse(source(module)) for module in modules}
        self._numbers = {module: number for number, module in enumerate(modules)}
        self._lines = {module: spans(tree) for module, tree in self._trees.items()}
        self._reaching: dict[int, set[str]] = defaultdict(set)
        self._modules: dict[str, set[int]] = {name: set() for name in reach.seconds}
        whole: dict[str, set[str]] = defaultdict(set)
        for name in reach.seconds:
            whole[name.partition("::")[0]].add(name)
        for hit, names in reach.tests.items():
            for name in names:
                self._modules[name].add(hit >> 16)
            for file in {
                name.partition("::")[0] for name in names
            }:  # a test may look at a value and run no line
                self._reaching[hit >> 16].update(whole[file])

    def is_fresh(self, mutant: Mutant) -> bool:
        """Say whether a change can be seen before the first test, at the import or while tests are collected."""
        number = self._numbers[mutant.module] << 16
        around = [
            functions[mutant.scope] for functions in [ranges(self._trees[mutant.module])] if mutant.scope
        ]
        if not mutant.scope or "super()" in mutant.before:  # a function without it has another closure
            return True
        return any(number | line in self._reach.early for one in around for line in one)

    def tests(self, mutant: Mutant) -> list[str]:
        """Return the tests that reach a mutant's line: first those that reach the fewest modules, and the quickest of them.

        A test of one table would else come behind thousands that go through everything, when the time is over.
        """
        number = self._numbers[mutant.module]
        line = self._lines[mutant.module].get(mutant.line, mutant.line)
        place = number << 16 | line
        inside = mutant.scope and place not in self._reach.early
        found = self._reach.tests.get(place, ()) if inside else self._reaching[number]
        if not found and not inside:  # a module of tables has no line that could be noted
            found = {
                name for name in self._reach.seconds if distance(name.partition("::")[0], mutant.module) < 2
            }
        if "XX" in mutant.after or " … " in mutant.after:  # a name that is cut may have lost it
            found = {*found, *(name for name in self._reach.seconds if LOOKING in name)}
        kept, spent = [], 0.0
        for name in sorted(
            found, key=lambda name: (len(self._modules[name]), self._reach.seconds[name], name)
        ):
            if BLIND in name:
                continue
            spent += self._reach.seconds[name]
            if LOOKING in name or (spent <= SECONDS and self._reach.seconds[name] <= SLOW):
                kept.append(name)
        return kept


def ranges(tree: ast.Module) -> dict[str, range]:
    """Return the lines of each outermost function, by its qualified name."""
    found: dict[str, range] = {}

    def walk(node: ast.AST, path: tuple[str, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, FUNCTIONS):
                first = min([child.lineno, *(one.lineno for one in child.decorator_list)])
                name = ".".join((*path, child.name))
                found.setdefault(name, range(first, (child.end_lineno or first) + 1))
            else:
                walk(child, (*path, child.name) if isinstance(child, ast.ClassDef) else path)

    walk(tree, ())
    return found


def modules_of(part: str) -> list[str]:
    """Return the modules of a part, by their paths within the package."""
    return sorted(
        {str(path.relative_to(PACKAGE)) for pattern in PARTS[part] for path in PACKAGE.glob(pattern)}
    )


def all_mutants(modules: Sequence[str]) -> list[Mutant]:
    """Return the mutants of these modules, always in the same order."""
    return [mutant for module in modules for mutant in mutants(source(module), module)]


def listed() -> dict[str, str]:
    """Return the mutants that change nothing, each with why."""
    entries = tomllib.loads((ROOT / "tests" / "mutation" / "survivors.toml").read_text("utf-8"))["dead"]
    return {entry["mutant"]: entry["why"] for entry in entries}


def gone(dead: Iterable[str], modules: Sequence[str], names: Iterable[str]) -> list[str]:
    """Return the listed mutants of these modules that are not there any more: what they changed was written anew."""
    return sorted({name for name in dead if name.partition(" ")[0] in modules} - {*names})


def drawn(
    mutants: Sequence[Mutant], sample: int | None, seed: int, only: Sequence[str] = ("",)
) -> list[Mutant]:
    """Return the mutants to try, in their order: the seed draws the sample, and the same sample each time.

    Each name has its own lot, so a sample keeps all whose code stays as it is, whatever is written beside it.
    """
    fitting = [mutant for mutant in mutants if any(text in mutant.name for text in only)]
    lots = {mutant: blake2b(f"{seed} {mutant.name}".encode()).digest() for mutant in fitting}
    chosen = {*sorted(fitting, key=lots.__getitem__)[:sample]}
    return [mutant for mutant in fitting if mutant in chosen]


def tried(plan: Plan, warm: Warm, chosen: Sequence[Mutant], jobs: int) -> Iterator[tuple[Mutant, Verdict]]:
    """Try mutants, each in its way; what no test reaches is silent."""
    tests = {mutant: plan.tests(mutant) for mutant in chosen}
    for mutant, names in tests.items():
        if not names:
            yield mutant, Verdict(SILENT, "no test reaches it")
    reached = [mutant for mutant in chosen if tests[mutant]]
    yield from warm.tried([(mutant, tests[mutant]) for mutant in reached if not plan.is_fresh(mutant)])
    anew = [mutant for mutant in reached if plan.is_fresh(mutant)]
    kills: dict[str, Counter[str]] = defaultdict(Counter)  # what killed others of the same module comes first

    def task(mutant: Mutant) -> Task:
        first = [name for name, _ in kills[mutant.module].most_common(FIRST)]
        return Task(mutant, fresh(mutant, tests[mutant], first), 90)

    for mutant, verdict in judged(map(task, anew), jobs):
        if verdict.end == KILLED:
            kills[mutant.module][verdict.by] += 1
        yield mutant, verdict


def controlled(plan: Plan, warm: Warm, control: Mutant) -> str:
    """Return what is wrong with the machinery itself: nothing changed must be silent, a certain fault be killed."""
    if not (tests := plan.tests(control)):
        return f"the tests that were asked for do not reach the control: {control.name}"
    for mutant, wanted in ((control._replace(index=-1), SILENT), (control, KILLED)):
        task = Task(mutant, fresh(mutant, tests), 90)
        ends = {"warm": next(warm.tried([(mutant, tests)]))[1], "fresh": next(judged([task], 1))[1]}
        for way, verdict in ends.items():
            if verdict.end != wanted:
                what = control.name if mutant.index >= 0 else "no change at all"
                return f"control, {way}: {what} should be {wanted}, and is {verdict.end} {verdict.by}"
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation.run", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--part", choices=PARTS, default="read")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=[""], help="mutants whose name holds one of these texts")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--tests", nargs="+", help="these test files instead of those of the part")
    parser.add_argument("--list", action="store_true", help="name the mutants, and try none")
    asked = parser.parse_args(arguments)
    modules = modules_of(asked.part)
    there = all_mutants(modules)
    chosen = drawn(there, asked.sample, asked.seed, asked.only)
    if asked.list:
        print(*(mutant.name for mutant in chosen), sep="\n")
        return 0
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it otherwise
    prepared()
    patterns = [*TESTS[asked.part], *(f"reference/handshakes/{module}" for module in modules)]
    found = {path for pattern in patterns for path in ROOT.glob(pattern)}
    files = asked.tests or sorted(str(path) for path in found if path.name not in UNFIT)
    warm = Warm(modules, files, asked.jobs)
    if warm.reach.failed:
        print("These tests fail without any change:", *warm.reach.failed, sep="\n  ")
        return 5
    plan = Plan(modules, warm.reach)
    (control,) = [mutant for mutant in there if mutant.name == CONTROLS[asked.part]]
    if wrong := controlled(plan, warm, control):
        print(wrong)
        return 5
    print("controls: held", flush=True)
    dead = listed()
    for name in gone(dead, modules, (mutant.name for mutant in there)):
        print(f"listed, and not there any more: {name}")
    ends: dict[str, list[tuple[Mutant, str]]] = defaultdict(list)
    began = time.monotonic()
    done = 0
    Random(asked.seed).shuffle(chosen)  # so that a run that is stopped has tried some of each module
    try:
        for mutant, verdict in tried(plan, warm, chosen, asked.jobs):
            done += 1
            is_dead = verdict.end == SILENT and mutant.name in dead
            ends[DEAD if is_dead else verdict.end].append((mutant, verdict.by))
            if not is_dead and verdict.end != KILLED:
                print(f"{verdict.end}: {mutant.name}  [line {mutant.line}; {verdict.by}]", flush=True)
            if sys.stderr.isatty():
                counts = ", ".join(f"{len(found)} {end}" for end, found in sorted(ends.items()))
                print(
                    f"\r{done}/{len(chosen)} in {time.monotonic() - began:.0f} s: {counts} ",
                    end="",
                    file=sys.stderr,
                )
    except KeyboardInterrupt:
        print("interrupted: what follows is of those that were tried")
    else:
        warm.close()
    return report(ends, done, len(there), dead)


def report(ends: dict[str, list[tuple[Mutant, str]]], tried: int, there: int, dead: dict[str, str]) -> int:
    """Print how the mutants ended, module by module; return the exit status."""
    columns = (KILLED, SILENT, DEAD, INCONCLUSIVE)
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for end, found in ends.items():
        for mutant, _ in found:
            rows[mutant.module][end] += 1
    print(f"{'module':34}" + "".join(f"{column:>13}" for column in columns))
    for module, counts in sorted(rows.items()):
        print(f"{module:34}" + "".join(f"{counts[column]:13}" for column in columns))
    revived = [f"{mutant.name}  [by {by}]" for mutant, by in ends[KILLED] if mutant.name in dead]
    print(*(f"listed as dead, and killed: {name}" for name in revived), sep="\n", end="\n" if revived else "")
    shares = ", ".join(f"{len(ends[column])} {column}" for column in columns)
    print(f"{tried} tried of {there}: {shares}; {100 * len(ends[KILLED]) / max(tried, 1):.1f} % of all died")
    return int(bool(ends[SILENT] or ends[INCONCLUSIVE] or revived))


if __name__ == "__main__":
    sys.exit(main())
