"""The catalogue as a page to read: every requirement with its level, basis, readings, check and planted defects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ...judging.obligations import checks_of
from ...run.embedded import defects_of
from ...specification.catalogue import Requirement
from ...specification.specification import Specification

MOST_NAMES = 4
"""Most defects that are named in a row."""
LEVELS = {"M": "must", "S": "should", "R": "recorded only", "C": "by configuration"}

MARKUP = re.compile(r"<(?! )|\](?=[(\[:])|\\(?=[\]<\\])")
"""The beginning of a tag, and what makes a link of a text in brackets."""


def page(specification: Specification) -> Iterator[str]:
    """The lines of a page in Markdown: requirements by section of the specification, and the readings."""
    defects: dict[str, list[str]] = {}
    for defect in defects_of(specification).values():
        defects.setdefault(defect.requirement, []).append(defect.name)
    testable = [r for r in specification.requirements.values() if not r.untestable]
    counted = f"{len(specification.requirements)} requirements, of which {len(testable)} can be tested"
    yield f"{counted}; {sum(map(len, defects.values()))} planted defects."
    for section, rows in _sections(specification).items():
        yield ""
        yield f"### {_plain(section)}"
        yield ""
        yield "| Requirement | Level | Basis | Readings | Check | Defects |"
        yield "|---|---|---|---|---|---|"
        for row in rows:
            where = f"untested: {_plain(row.untestable)}" if row.untestable else _check(row, specification)
            planted = _planted(sorted(defects.get(row.id, ())))
            cited = ", ".join(f"[{number}](#{number.lower()})" for number in row.reading)
            text = f"**{row.id}** {_plain(row.text)}"
            yield f"| {' | '.join(map(_cell, (text, row.level, row.basis, cited, where, planted)))} |"
    yield ""
    yield "### Readings"
    yield ""
    yield "| | About | The page | What the kit sends | What it accepts | Levels |"
    yield "|---|---|---|---|---|---|"
    for number, reading in specification.readings.items():
        levels = ", ".join(LEVELS[letter] for letter in reading["level"])
        anchor = f'<a id="{number.lower()}"></a>{number}'
        cells = (anchor, *(_plain(reading[key]) for key in ("topic", "page", "sends", "accepts")), levels)
        yield f"| {' | '.join(map(_cell, cells))} |"


def _sections(specification: Specification) -> Mapping[str, list[Requirement]]:
    found: dict[str, list[Requirement]] = {}
    for requirement in specification.requirements.values():
        found.setdefault(requirement.section, []).append(requirement)
    return found


def _check(requirement: Requirement, specification: Specification) -> str:
    """The functions that judge a requirement."""
    functions = (check.function for check in checks_of(requirement, specification))
    return ", ".join(f"`{f.__module__.removeprefix('beckn_conformance.')}.{f.__qualname__}`" for f in functions)


def _planted(names: Sequence[str]) -> str:
    """Some names of defects, and how many more there are; `--list` prints all."""
    shown = ", ".join(f"`{name}`" for name in names[:MOST_NAMES])
    return f"{shown} and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else shown


def _plain(text: str) -> str:
    """Escapes what would be a tag, a link or an image: the texts may be those of a stranger's schemas."""
    return MARKUP.sub(r"\\\g<0>", text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
