"""Holds what changed between two versions of the schemas, for each party, and prints it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ....untrusted.text import brief

GATEWAYS: Final = "gateways"
PROVIDERS: Final = "providers"
PARTIES: Final = (GATEWAYS, PROVIDERS)
BOTH: Final = "both"
BREAKING: Final = "breaking"
CANNOT_TELL: Final = "cannot tell"
NOT_BREAKING: Final = "not breaking"
ANSWERS: Final = (BREAKING, CANNOT_TELL, NOT_BREAKING)
"""The worst first."""
LONGEST_TEXT: Final = 120
"""Characters of a text that are printed of a witness."""
_KINDS: Final = {"ack": "ACK", "nack": "NACK"}


@dataclass(frozen=True, slots=True)
class Witness:
    """A message that shows a change."""

    message: Any
    before: str
    """The older version's judgement, in words."""
    now: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change, for one party."""

    effect: str
    """One of ANSWERS."""
    party: str
    """``gateways``, ``providers`` or ``both``."""
    operation: str
    """An Action, ``every operation``, or what of the catalogue it concerns."""
    text: str
    direction: str = ""
    """``request``, ``ack``, ``nack``, ``request header`` …; "" for the catalogue."""
    pointer: str = ""
    witness: Witness | None = None
    tries: int = 0
    """Messages tried without finding one that would decide."""
    widens: bool = False
    """Whether the party may do more than before, or can rely on more."""

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @property
    def where(self) -> str:
        """Names operation, kind of message and place."""
        words = " ".join(_KINDS.get(word, word) for word in self.direction.split())
        return " ".join(filter(None, (self.operation, words, self.pointer)))

    def concerns(self, party: str) -> bool:
        return self.party in (party, BOTH)

    def lines(self) -> Iterator[str]:
        """Yields the change in a line, and the evidence beneath it."""
        yield f"{self.effect:12}  {self.party:9}  {self.where}: {self.text}"
        yield from (f"    {line}" for line in self.evidence())

    def evidence(self) -> Iterator[str]:
        """Yields the message that shows a break, or says that none was found."""
        if self.effect == BREAKING and self.witness is not None:
            yield f"witness  {json.dumps(brief_message(self.witness.message), ensure_ascii=False)}"
            yield f"         before: {self.witness.before}; now: {self.witness.now}"
        elif self.effect == CANNOT_TELL:
            yield f"none of {self.tries} messages shows a difference, and the keywords do not rule one out"


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that changed, the worst first."""

    changes: tuple[Change, ...]

    def answer(self, party: str) -> str:
        """Returns the worst of the answers for a party."""
        found = {change.effect for change in self.changes if change.concerns(party)}
        return next((answer for answer in ANSWERS if answer in found), NOT_BREAKING)

    @property
    def status(self) -> int:
        """Returns the exit status: 1 if something breaks, 10 if that cannot be told, else 0."""
        answers = {self.answer(party) for party in PARTIES}
        return 1 if BREAKING in answers else 10 if CANNOT_TELL in answers else 0

    @property
    def version(self) -> str:
        """Suggests the part of the version to raise: ``major``, ``minor`` or ``patch``; "" without a change."""
        if not self.changes:
            return ""
        if self.status:
            return "major"
        return "minor" if any(change.widens for change in self.changes) else "patch"

    def to_json(self) -> dict[str, Any]:
        answers = {party: self.answer(party) for party in PARTIES}
        changes = [change.to_json() for change in self.changes]
        return {"breaking": self.status == 1, **answers, "version": self.version, "changes": changes}

    def lines(self) -> Iterator[str]:
        """Each change in a line, its witness beneath, and the answers."""
        for change in self.changes:
            yield from change.lines()
        if not self.changes:
            yield "no change"
            return
        counts = {answer: sum(c.effect == answer for c in self.changes) for answer in ANSWERS}
        yield ", ".join(f"{count} {answer}" for answer, count in counts.items())
        yield "; ".join(f"{party}: {self.answer(party)}" for party in PARTIES) + f"; raise the {self.version} version"


def brief_message(value: Any) -> Any:
    """Shortens the long texts in a message, for reading."""
    if isinstance(value, dict):
        return {name: brief_message(child) for name, child in value.items()}
    if isinstance(value, list):
        return [brief_message(child) for child in value]
    return brief(value, LONGEST_TEXT) if isinstance(value, str) else value
