"""Checks that every requirement names what exists and has a check, a test and a defect; and the catalogue page."""

from __future__ import annotations

from collections.abc import Iterator

from ....errors import nearest
from ....judging.obligations import checks_of
from ....run.embedded import defects_of
from ....specification.catalogue import Requirement
from ....specification.specification import Specification
from ....untrusted import reading
from .. import catalogue
from .folder import Folder, Problem, places

FILE = "requirements.yaml"
PAGE, HEADING = "README.md", "## Catalogue\n\n"


def problems(folder: Folder, specification: Specification) -> Iterator[Problem]:
    """Yields requirements without a check, test or defect, unknown members, and readings nobody cites."""
    from ....suite.specification import choose
    from ..trial import items

    choose(specification)
    defects = {defect.requirement for defect in defects_of(specification).values()}
    # A property that claims all requirements of an operation says nothing about a single one.
    exercised = {name for item in items() if not item.examples for name in item.requirements}
    for index, requirement in enumerate(specification.requirements.values()):
        yield from _members(folder, specification, f"/{index}", requirement)
        if requirement.untestable:
            continue
        for missing, what, remedy in (
            (
                not checks_of(requirement, specification),
                "check judges",
                "write one in beckn_conformance/judging/checks or judging/history",
            ),
            (requirement.id not in exercised, "test exercises", "let one in beckn_conformance/suite exercise it"),
            (requirement.id not in defects, "defect breaks", "plant one in reference_server/defects"),
        ):
            if missing:
                yield folder.problem(FILE, f"/{index}", f"no {what} {requirement.id}", remedy)
    cited = {number for requirement in specification.requirements.values() for number in requirement.reading}
    for index, (number, settled) in enumerate(specification.readings.items()):
        if {"M", "S"} & set(settled["level"]) and number not in cited:
            message = f"{number} binds, and no requirement cites it"
            yield folder.problem("readings.yaml", f"/readings/{index}", message, "cite it, or make it R")


def _members(folder: Folder, specification: Specification, here: str, requirement: Requirement) -> Iterator[Problem]:
    """Yields members that a requirement names and messages do not have."""
    actions = requirement.operations
    sent = {member.pointer for action in actions for member in specification.members(action)}
    shown = {p for action in actions for p in places(folder, f"{specification.operation(action).key}.ack.json")}
    selectors = (("refuses", requirement.refuses), ("accepts", requirement.accepts))
    named = [(f"{what}/members", selector.members, sent, "requests") for what, selector in selectors if selector]
    for place, members, known, where in (*named, ("owns", requirement.owns, shown, "replies")):
        for index, pointer in enumerate(members):
            if pointer not in known:
                message = f"{requirement.id} names {pointer}, which its {where} do not have{nearest(pointer, known)}"
                yield folder.problem(FILE, f"{here}/{place}/{index}", message, "name a member of the schemas")


def of_page(folder: Folder, specification: Specification) -> Iterator[Problem]:
    """Yields a problem if the catalogue printed in the README is out of date."""
    file = folder.path / PAGE
    if not file.is_file():
        return
    before, heading, printed = reading.text(file, below=folder.path).partition(HEADING)
    if not heading:
        return
    lines, due = printed.splitlines(), [*catalogue.page(specification)]
    if lines != due:
        same = next(
            (n for n, (one, other) in enumerate(zip(lines, due, strict=False)) if one != other),
            min(len(lines), len(due)),
        )
        line = before.count("\n") + HEADING.count("\n") + same + 1
        remedy = "run `python -m tests.generate`; in a copy, put the output of `spec catalogue --spec DIR` in its place"
        yield Problem(PAGE, line, "the catalogue is out of date", remedy)
