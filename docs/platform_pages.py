"""The platforms' overview pages: what `docs/platforms/PLATFORM.md` leaves to be made from what the code uses.

`[[clause, clause]]` in a written page stands for links to clauses and advice of its platform.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

from docs import comparison_page, diagrams, faults_pages, notebook_pages, vectors_pages
from docs.text import capitalised, clause, fence, folded, grouped, plain, prose, reason, table
from handshakes.core.cases import Slip
from handshakes.core.refusals import REASONS
from handshakes.explain.entries import STAGES
from handshakes.platforms import PLATFORMS
from handshakes.runtime.verdicts import Refuses
from handshakes.spec import recipe, register, vectors

FOLDER = "platforms/"
LINKS = re.compile(r"\[\[([\w., -]+)\]\]")
MARK = re.compile(r"<!-- ([\w ]+?)(?:: (\w+))? -->")
SIMULATOR = ("simulator", "slips")
"""Packages of a platform that are not the partner's side, and whose reasons nobody meets."""
NAMED = 2
"""How many mistakes of a stage are named; their page has all."""
LESSONS = Path(__file__).resolve().parent.parent / "notebooks"


def filled(source: str, markdown: str) -> str:
    """Fill in a written page; `source` is its path in docs/."""
    platform = Path(source).stem
    return MARK.sub(lambda mark: _made(platform, mark[1], mark[2]), linked(platform, markdown))


def _made(platform: str, name: str, part: str | None) -> str:
    made = MADE[name](platform, *filter(None, [part]))
    return quiet(made, name) if name in ELSEWHERE else made


def quiet(markdown: str, name: str) -> str:
    """Keep out of the search what another page explains."""
    return f'<div class="{name}" data-search-exclude="yes" markdown>\n\n{markdown}\n\n</div>'


def linked(platform: str, markdown: str, root: str = "../") -> str:
    """Write the links that double brackets stand for."""

    def links(found: re.Match[str]) -> str:
        ids = re.split(", *", found[1])
        listed = ", ".join(clause(f"{platform}:{id}", root) for id in ids)
        return f'<small data-search-exclude="yes">({listed})</small>'

    return LINKS.sub(links, markdown)


def lessons(platform: str) -> list[Path]:
    """Return the notebooks of a platform."""
    return [path for path in sorted(LESSONS.glob("*.ipynb")) if platform in path.stem]


def lesson(path: Path) -> str:
    """Return what a platform's lesson is about, as its title says.

    >>> lesson(LESSONS / "01b-officernd-signature.ipynb")
    'the signature'
    """
    title = "".join(notebook_pages.cells(path)[0]["source"]).partition("\n")[0]
    return title.partition(": ")[2] or title.removeprefix("# ")


def section(platform: str) -> list[dict[str, str]]:
    """Return the pages of a platform for the navigation, each with its title."""
    return [
        {"Overview": f"{FOLDER}{platform}.md"},
        {"Recipe": f"recipes/{platform}.md"},
        *({f"Lesson: {lesson(path)}": f"notebooks/{path.stem}.md"} for path in lessons(platform)),
        {"Clauses": f"clauses/{platform}.md"},
        {"Mistakes": f"mistakes/{platform}.md"},
        {"Faults": f"faults/{platform}.md"},
        {"Vectors": f"vectors/{platform}.md"},
    ]


def pages(platform: str) -> str:
    """Say what else there is on a platform, with counts."""
    spec, known = register.load(platform), PLATFORMS[platform].slips().SLIPS
    learn = ", ".join(f"[{lesson(path)}](../notebooks/{path.stem}.md)" for path in lessons(platform))
    count = sum(1 for _ in vectors.rows(vectors.load(platform)))
    archive = f"../vectors/{vectors_pages.archive(platform)}"
    rows = (
        f"**Learn it**, in lessons to run: {learn}.",
        f"**Write it**: [the recipe](../recipes/{platform}.md) has {len(recipe.load(platform).operations)} operations "
        "step by step; [Frameworks](../frameworks.md) say where the raw query and body are.",
        f"**Ask it**: [short answers](../questions.md#{platform}) to what integrators ask in the first week.",
        f"**Check it**: [{count} vectors](../vectors/{platform}.md), [to download]({archive}), and "
        f"[{len(faults_pages.faults(platform))} faults](../faults/{platform}.md) that the simulator makes on request.",
        f"**Look it up**: [{len(spec.clauses)} clauses](../clauses/{platform}.md), "
        f"[{len(known)} mistakes](../mistakes/{platform}.md), [reasons](../reasons.md), "
        "[comparison](../comparison.md) with the others.",
        f"**Run it**: `handshakes tour {platform}` shows the whole handshake; `handshakes serve {platform}` lets you "
        "press the buttons.",
    )
    return "\n".join(f"- {row}" for row in rows)


def diagram(platform: str, part: str) -> str:
    """Draw one part of the handshake from a run."""
    return f"```mermaid\n{diagrams.mermaid(platform, part)}\n```"


def security(platform: str) -> str:
    """Say what each scheme of a platform leaves unprotected, and what to do."""
    return comparison_page.of_platform(platform)


def mistakes(platform: str) -> str:
    """Name mistakes of each stage."""
    known: tuple[Slip, ...] = PLATFORMS[platform].slips().SLIPS
    lines = [
        f"`handshakes verify {platform} URL` recognises {len(known)} mistakes of this platform alone, and "
        "[those that every platform knows](../mistakes/general.md). Some of each kind:",
        "",
    ]
    for stage in dict.fromkeys(slip.stage for slip in known):
        of_it = [slip for slip in known if slip.stage == stage]
        shown = " ".join(
            f"[{prose(slip.says)}](../mistakes/{platform}.md#{slip.id})" for slip in of_it[:NAMED]
        )
        more = len(of_it) - NAMED
        rest = f" And [{more} more](../mistakes/{platform}.md)." if more > 0 else ""
        lines.append(f"- **{capitalised(STAGES.get(stage, stage))}**: {shown}{rest}")
    return "\n".join(lines)


def reasons(platform: str) -> str:
    """List the reasons that a partner's side can give, and the platform's own error codes."""
    shown = Counter(one["expect"].get("reason") for _, one in vectors.rows(vectors.load(platform)))
    made = Counter(
        fault.expected.reason
        for fault in faults_pages.faults(platform)
        if isinstance(fault.expected, Refuses)
    )
    lines = [
        "Your operator sees one of these. A client outside learns none of them before its signature has verified.",
        "",
    ]
    for code in occurring(platform):
        counts = [
            f"{found} {word}{'s' * (found > 1)}"
            for found, word in ((shown[code], "vector"), (made[code], "fault"))
            if found
        ]
        lines.append(
            f"- {reason(code)}: {prose(REASONS[code].meaning)}"
            + (f" ({', '.join(counts)})" if counts else "")
        )
    parts = ["\n".join(lines)]
    if platform == "onoffice":
        errors = import_module("handshakes.onoffice.errorcodes").ERRORS
        table = "\n".join(f"- **{code}**: {prose(text)}" for code, text in errors.items())
        parts.append(folded(f"Error codes of onOffice's API that a provider meets ({len(errors)})", table))
    return "\n\n".join(parts)


def occurring(platform: str) -> list[str]:
    """Return the reasons that the partner's side of a platform gives: by vectors, by faults, or named in its code."""
    found = {one["expect"].get("reason") for _, one in vectors.rows(vectors.load(platform))}
    found |= {getattr(fault.expected, "reason", None) for fault in faults_pages.faults(platform)}
    folder = vectors.file_of(platform).parent
    for path in folder.rglob("*.py"):
        if not set(SIMULATOR) & set(path.relative_to(folder).with_suffix("").parts):
            found |= {
                call.args[0].value
                for call in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id == "Refused"
                and call.args
                and isinstance(call.args[0], ast.Constant)
            }
    return [code for code in REASONS if code in found]


def ambiguities(platform: str) -> str:
    """List every ambiguity with the reading that is adopted; those that are settled are folded."""
    spec = register.load(platform)
    open_ones = [entry for entry in spec.ambiguities if entry.status == "open"]
    rest = [entry for entry in spec.ambiguities if entry.status != "open"]
    return "\n\n".join(
        [
            f"No source settles these {len(open_ones)}. What is said behind each question is what this reference does; "
            f"the [clauses](../clauses/{platform}.md) have the evidence for and against.",
            "\n".join(_ambiguity(spec, entry) for entry in open_ones),
            folded(
                f"Settled by the sources or by conclusion, or observed ({len(rest)})",
                "\n".join(_ambiguity(spec, entry) for entry in rest),
            ),
        ]
    )


def _ambiguity(spec: register.Register, entry: register.Ambiguity) -> str:
    return f"- {clause(entry.id)}: {prose(entry.question)} **{prose(spec.reading(entry.adopted).rule)}**"


def checklist(platform: str) -> str:
    """List every "must" clause of the partner, by topic, and all advice."""
    spec = register.load(platform)
    duties = [one for one in spec.clauses if one.actor == "partner" and one.level == "must"]
    parts = [
        f"First the {len(spec.advice)} measures for safety that no page asks for, then the {len(duties)} "
        'clauses that say "must", with how we know each. The simulator checks what it can see of them: '
        f"`handshakes serve {platform} --only platform`.",
        "### Advice { #check-advice data-search-exclude=yes }",
        _list(f"{plain(one.text)} {_ids([one.id])}" for one in spec.advice),
    ]
    for topic, clauses in grouped(duties, lambda one: one.id.partition(":")[2].partition(".")[0]):
        parts += [f"### {topic} {{ #check-{topic} data-search-exclude=yes }}"]
        parts.append(_list(f"{imperative(one.text)} {_ids([one.id], one.grade)}" for one in clauses))
    return "\n\n".join(parts)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- ☐ {item}" for item in items)


def _ids(ids: Iterable[str], grade: str = "") -> str:
    return "(" + ", ".join(map(clause, ids)) + (f"; {grade})" if grade else ")")


def imperative(text: str) -> str:
    """Write a duty of the partner as something to do.

    >>> imperative("The partner must not take register from the query.")
    'Do not take register from the query.'
    """
    found = re.match(r"The partner must (not |never )?(\w)", text)
    if not found:
        return prose(text)
    start = {"not ": "Do not ", "never ": "Never ", None: ""}[found[1]]
    first = found[2] if start else found[2].upper()
    return prose(start + first + text[found.end() :])


def script(platform: str) -> str:
    """Show the script of the partner's page, which sends the message, and the texts that it may send."""
    assert platform == "onoffice"
    texts = import_module("handshakes.onoffice.partner.texts").TEXTS
    names = [name for name in texts["en"] if name == "failed" or name.startswith("error-")]
    rows = [tuple(prose(texts[language][name]) for language in ("en", "de")) for name in names]
    code = fence(import_module("handshakes.onoffice.script").SCRIPT, "js")
    return f"{code}\n\n{folded('Error texts in English and German, to copy', table(('English', 'German'), rows))}"


MADE: dict[str, Callable[..., str]] = {
    "pages": pages,
    "diagram": diagram,
    "security": security,
    "mistakes": mistakes,
    "reasons": reasons,
    "ambiguities": ambiguities,
    "checklist": checklist,
    "script": script,
}
"""What a mark in a written page stands for."""
ELSEWHERE = ("security", "mistakes", "reasons", "ambiguities", "checklist")
"""What other pages explain, so that a search finds those."""
