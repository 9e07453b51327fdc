"""The result of a check: a Judgement of one exchange under one requirement, with a Finding if it fails."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..specification.pointer import pattern_of

MOST_PLACES = 16
"""First items of a list at which one finding is told apart."""
SOUND: Final = "NACK-SOUND"
"""The requirement that a NACK blames no sound member; the obligation of a finding names the member."""
REGISTRATION_BLAMED: Final = "registration-blamed"
"""Kind of the findings on a NACK that blames the registration in place of what it should say of a value."""
NOT_BLAMED: Final = "not-blamed"
"""Kind of the findings that a NACK has no message at a faulty member."""
ANOTHER_STATUS: Final = "another-status"
"""Kind of the findings that a reply has the wrong status."""
NOWHERE: Final = "nothing-blamed"
"""Kind of the findings that no NACK of an operation has a message at any faulty member."""
NO_TEXT: Final = "no-string"
"""Kind of the findings that the message at a faulty member is not a string."""
NO_TEXTS: Final = "no-strings"
"""Kind of the findings that the messages at several members of an operation are not strings."""
CUT: Final = "long-text-lost"
"""Kind of the findings that a text which a gateway may refuse is not kept."""
MISSING_DOCUMENT: Final = "document-missing"
EARLIER_MISSING: Final = "earlier-missing"
"""Kind of the findings that the reply to an addition lacks a document from before."""
ADDED_MISSING: Final = "added-missing"
"""Kind of the findings that a Provider/get lacks an added document."""
AFTER_CHANGE: Final = "missing-after-change"
"""Either of these after a change of something else, which may be the cause."""
DROPPED: Final = "dropped"
"""Kind of the findings that an added document which was there is missing after a change of something else."""
REPLACED: Final = "document-replaced"
"""Kind of the findings that a document is missing and another one of its name or content is there."""
VALUE: Final = "another-value"
"""Kind of the findings that a reply shows another value than was sent."""
LATER: Final = "another-value-later"
"""The same of a Provider/get after changes, which may be the cause."""
SHARED: Final = ("shared-id", "shared-token")
"""Kinds of the findings that two signups are given the same."""
UNEXPLAINED: Final = "refused without a reason"
"""Kind of the obligation of a sound call in recorded traffic that is refused so; the gateway may be busy."""
SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def slug(text: str) -> str:
    """A kind of finding in words, as a slug."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


class Obligation(NamedTuple):
    """One way in which a requirement has to be exercised before it can pass."""

    operation: str = ""
    """Action of the exchange; empty if any will do."""
    member: str = ""
    """JSON Pointer to the member concerned, with ``*`` for any index."""
    kind: str = ""
    """Kind of value, fault, reply or hostile input."""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.operation, self.member, self.kind)))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a gateway did that a requirement does not allow."""

    requirement: str
    operation: str
    """Action of the judged exchange."""
    pointer: str
    """JSON Pointer into the body; "" is the whole body, ``header:action`` a member of a header."""
    kind: str
    """A slug that names the fault: lower-case letters, digits and hyphens. It stays when the message is reworded."""
    message: str
    """What is wrong, in one line, without values of this very run."""
    sent: str
    expected: str
    observed: str
    exchange: str
    """Id of the exchange that shows it."""
    registration: str = ""
    """Id of the registration concerned, where there is one."""
    weight: int = 0
    """Preference among the exchanges that show the same finding; the lowest is reported."""
    unless: tuple[Obligation, ...] = ()
    """The finding is dropped if one of these obligations of its requirement was exercised anywhere in the run."""

    def __post_init__(self) -> None:
        if not SLUG.fullmatch(self.kind):
            raise ValueError(f"a kind of finding is a slug, not {self.kind!r}")

    @property
    def id(self) -> str:
        """The same from run to run: requirement, operation, member and kind of the fault."""
        text = "\n".join((self.requirement, self.operation, pattern_of(self.pointer), self.kind))
        return f"{self.requirement}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def to_json(self) -> dict[str, str]:
        """What it says, as in report.json."""
        said = ("id", "operation", "pointer", "message", "sent", "expected", "observed")
        return {name: getattr(self, name) for name in said}


@dataclass(frozen=True, slots=True)
class Judgement:
    """An obligation of a requirement that an exchange exercised, with the finding if it was not met."""

    requirement: str
    obligation: Obligation
    finding: Finding | None = None
