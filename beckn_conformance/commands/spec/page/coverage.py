"""Lists every sentence of the specification page with the requirements and readings that cover it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ....specification.pointer import parts_of
from ....specification.specification import Specification
from .expected import build
from .facts import considered, is_stale
from .sentences import fingerprint


@dataclass(frozen=True, slots=True)
class Covered:
    """A sentence of the page, or the words of a definition, with what covers it."""

    place: str
    """Such as ``overview``, ``description get`` or ``info.phone``."""
    text: str
    fingerprint: str
    covered_by: tuple[str, ...]
    informative: bool
    """True if it asks nothing of a gateway."""
    problem: str
    """What is left to do; "" if nothing is."""

    def __str__(self) -> str:
        covered = ", ".join(self.covered_by) or ("informative" if self.informative else "nothing")
        problem = f"; {self.problem}" if self.problem else ""
        return f"{self.fingerprint} {self.place}: {self.text} [{covered}{problem}]"


def coverage(specification: Specification) -> Iterator[Covered]:
    """Yields the sentences in the order of the page; raises SpecificationError for unusable schemas."""
    page = build(specification)
    for pointer, row in considered(specification.files["page.yaml"]):
        place = " ".join(part for part in parts_of(pointer)[:-1] if part not in ("prose", "rows"))
        text, made = row["text"].replace("**", ""), fingerprint(row["text"])
        problem = f"reworded: consider what covers it, and write {made} as its fingerprint" if is_stale(row) else ""
        yield Covered(place, text, made, tuple(row.get("covered_by", ())), "informative" in row, problem)
    for operation in specification.operations:
        if not page.facts.is_introduced(operation):
            title, left = page.facts.title(operation), "add its title and description to page.yaml"
            yield Covered(f"operation {operation.key}", title, fingerprint(title), (), False, left)
    made_up = {row.key: row.definition.text for area in page.operations for slot in area.slots for row in slot.rows}
    for key, text in made_up.items():
        if key not in page.facts.rows:
            yield Covered(key, text, fingerprint(text), (), False, f"add a row for {key} to page.yaml")
