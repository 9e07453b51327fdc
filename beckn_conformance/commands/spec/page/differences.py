"""Differences between a page and the schemas, and how they are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from ....messages.text import counted

PARTS = {
    "text": "text",
    "request header": "request header",
    "request": "request body",
    "table": "table",
    "ack header": "ACK header",
    "ack": "ACK body",
    "nack header": "NACK header",
    "nack": "NACK body",
}
"""The parts of an operation, as they are printed."""
KINDS = ("drift", "typing error", "settled")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between page and schemas."""

    kind: str
    """One of KINDS."""
    line: int
    operation: str
    """Action of the operation; "" for what concerns none."""
    part: str
    pointers: tuple[str, ...]
    text: str
    reading: str = ""
    """The reading that settles it."""
    covered_by: tuple[str, ...] = ()
    """Of a sentence: requirements and readings that cover it."""
    also: tuple[Difference, ...] = ()
    """The same difference in other places."""

    def line_of(self, page: str) -> str:
        """The difference as a line of text."""
        places = ", ".join(dict.fromkeys(other.place for other in (self, *self.also) if other.place))
        where = " ".join(filter(None, (places, ", ".join(self.pointers))))
        note = "" if self.kind == "drift" else "note: "
        settled = f"settled by {self.reading}: " if self.reading else ""
        error = "typing error: " if self.kind == "typing error" else ""
        covered = f"; covered by {', '.join(self.covered_by)}" if self.covered_by else ""
        lines = ", ".join(str(other.line) for other in self.also)
        also = f" (also on line{'s' if len(self.also) > 1 else ''} {lines})" if lines else ""
        return f"{page}:{self.line}: {note}{settled}{error}{where}{': ' if where else ''}{self.text}{covered}{also}"

    @property
    def place(self) -> str:
        """Operation and part, in words."""
        return " ".join(filter(None, (self.operation, PARTS.get(self.part, ""))))


@dataclass(frozen=True, slots=True)
class Drift:
    """How a page and the schemas differ."""

    page: str
    differences: tuple[Difference, ...]

    @property
    def drifted(self) -> bool:
        """True if anything differs that no reading settles; typing errors do not count."""
        return any(difference.kind == "drift" for difference in self.differences)

    def to_json(self) -> dict[str, Any]:
        return {"page": self.page, "drifted": self.drifted, "differences": [asdict(d) for d in self.differences]}

    def lines(self) -> Iterator[str]:
        """Each difference as a line, drift first, and how many there are."""
        for kind in KINDS:
            yield from (d.line_of(self.page) for d in self.differences if d.kind == kind)
        drift, errors, settled = (sum(d.kind == kind for d in self.differences) for kind in KINDS)
        yield (
            f"{self.page}: {counted(drift, 'difference') if drift else 'no differences'} from the schemas, "
            f"{counted(errors, 'typing error')}, {settled} settled by readings"
        )


def merged(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """The differences by line; drift of the same words and members in several places is one difference."""
    groups: dict[Any, list[Difference]] = {}
    for difference in sorted(found, key=lambda d: (d.line, d.operation)):
        same = (difference.text, difference.pointers) if difference.kind == "drift" else id(difference)
        groups.setdefault(same, []).append(difference)
    return tuple(replace(first, also=tuple(others)) for first, *others in groups.values())
