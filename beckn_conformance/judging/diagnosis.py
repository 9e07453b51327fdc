"""The diagnosis of a request: the faults that it surely has, and what is unclear about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..specification.pointer import overlap


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is surely wrong with a request."""

    pointer: str
    """JSON Pointer into the body, or ``header:Token`` and the like."""
    member: str
    """The pointer with ``*`` for any index."""
    kind: str
    strength: str
    """``must`` or ``should``: how firmly a NACK is due."""

    @property
    def in_header(self) -> bool:
        return self.pointer.startswith("header:")

    @property
    def of_registration(self) -> bool:
        return self.pointer.startswith("/registration")


class DoubtKind(StrEnum):
    """The kinds of doubt that something depends on."""

    MISSING = "missing"
    NULL = "null"
    TAKEN = "taken"
    """The value was sent before, so that a gateway may refuse it; if it does not, it keeps the value."""
    CORRECTED = "corrected"
    """The value was sent before, in signups that were refused; a gateway should take it now."""
    CHANGED = "changed"
    """The value differs from the registration's, and a gateway may hold on to that (Q15)."""
    CLAIMED = "claimed"
    """A status that the provider claims; a gateway that does not refuse it goes by its own (R4, R5)."""
    EXPIRED = "expired"
    """The token is near the end of its life, or past it."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A member that readers can take in different ways, so that nothing follows from it."""

    pointer: str
    why: str
    """For people; nothing is decided by it."""
    kind: DoubtKind = DoubtKind.OTHER

    @property
    def of_acceptance(self) -> bool:
        """True if only the ACK is in doubt: what is acknowledged is kept."""
        return self.kind in (DoubtKind.TAKEN, DoubtKind.CORRECTED, DoubtKind.CHANGED, DoubtKind.CLAIMED)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A member with a value that a gateway SHOULD accept rather than MUST (Q4)."""

    pointer: str


Note = Fault | Doubt | Symbol
"""What the recogniser says of one member."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that the recogniser says of a request."""

    faults: tuple[Fault, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    symbols: tuple[str, ...] = ()
    """Members with values that a gateway SHOULD accept rather than MUST (Q4)."""
    registration: str | None = None
    """Id of the known registration that the request is about."""

    @property
    def valid(self) -> bool:
        return not self.faults and not self.doubts

    @property
    def faulty(self) -> bool:
        return bool(self.faults)

    @property
    def may_lack_access(self) -> bool:
        """True if a gateway may refuse the request for its token or its registration alone."""
        return any(d.pointer == "header:Token" or d.pointer.startswith("/registration") for d in self.doubts)

    @property
    def expired(self) -> bool:
        """True if the token may have expired."""
        return any(doubt.kind is DoubtKind.EXPIRED for doubt in self.doubts)

    @property
    def header_faults(self) -> tuple[Fault, ...]:
        return tuple(f for f in self.faults if f.in_header)

    @property
    def body_faults(self) -> tuple[Fault, ...]:
        return tuple(f for f in self.faults if not f.in_header)

    def clouds(self, pointer: str) -> bool:
        """Tells whether nobody can say what an ACK does with a member, because of a fault or doubt in or around it."""
        doubts = (doubt.pointer for doubt in self.doubts if not doubt.of_acceptance)
        pointers = (*(fault.pointer for fault in self.faults), *doubts)
        return any(overlap(p, pointer) for p in pointers)
