"""Finds the messages of a recording in which a privacy filter replaced values without a mark that tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ...config.gateway import GatewayConfig
from ...judging.diagnosis import Fault
from ...judging.recogniser import Recogniser
from ...messages.exchange import Exchange, Reply, Request, Trouble, TroubleKind
from ...specification.actions import SIGNUP
from ...specification.pointer import MISSING, member, places
from ...specification.specification import Specification
from .contents import field as field_of

FEW: Final = 3
"""Fewer values of a member may be alike, or faulty, by chance."""
BLANK: Final = (MISSING, None, "")
ID: Final = "/registration/id"
REPLACED: Final = Trouble(TroubleKind.LIMIT, "the recording holds a message with replaced values")


@dataclass(slots=True)
class _Seen:
    """The values of a member in all requests, or in all replies."""

    values: list[Any] = field(default_factory=list)
    sound: bool = False
    whole: int = 0
    """Values in messages that are as long as Content-Length says, so that they are on record as they were sent."""
    changed: int = 0
    """Values in messages of another length."""

    def add(self, value: Any, message: Request | Reply | None, *, sound: bool) -> None:
        self.values.append(value)
        self.sound = self.sound or sound
        if message is not None:
            length, actual = field_of(message.headers, "content-length"), str(len(message.content))
            self.whole += length == actual
            self.changed += length not in ("", actual)

    @property
    def faulty(self) -> int:
        """The number of values, if none of them could be accepted."""
        return 0 if self.sound else len(self.values)

    @property
    def is_doubtful(self) -> bool:
        """Tells whether there are many values, and few that are surely on record as they were sent."""
        return len(self.values) >= FEW and self.whole * 2 < len(self.values)

    @property
    def is_changed(self) -> bool:
        """Tells whether there are many values, and most are in messages of another length than was sent."""
        return len(self.values) >= FEW and self.changed * 2 > len(self.values)

    @property
    def is_constant(self) -> bool:
        return all(value == self.values[0] for value in self.values)

    def is_strange(self, others: _Seen) -> bool:
        """Tells whether none of the values is one of the other side's."""
        return bool(self.values and others.values) and {*self.values}.isdisjoint(others.values)


def without_replaced(
    exchanges: Sequence[Exchange], specification: Specification, config: GatewayConfig
) -> list[Exchange]:
    """Takes the replies from exchanges in which a value is not the one that was sent, so that nothing is judged by it.

    A filter replaces every value of a member: all are faulty, or none is one of the other side's.
    """
    operations = specification.operations
    members = {m.pointer: m for one in operations for m in specification.members(one.action) if m.scalar}
    recogniser = Recogniser(specification, config)
    requests = {pointer: _Seen() for pointer in members}
    replies = {pointer: _Seen() for pointer in members}
    for exchange in exchanges:
        for pointer, one in members.items():
            for seen, message, values in (
                (requests[pointer], exchange.request, _asked(exchange, pointer)),
                (replies[pointer], exchange.reply, _told(exchange, pointer)),
            ):
                for value in values:
                    sound = value not in BLANK and not isinstance(recogniser.kind_of(one, value), Fault)
                    seen.add(value, message, sound=sound)
    asked = {*_faulty(requests), *_strange(requests, replies)}
    told = {*asked, *_strange(replies, requests)}
    told |= {pointer for pointer, seen in replies.items() if seen.faulty and seen.is_changed}
    if _one_id(exchanges):
        told.add(ID)
    return [
        replace(exchange, reply=None, received=None, trouble=REPLACED)
        if exchange.reply is not None
        and (any(_asked(exchange, p) for p in asked) or any(_told(exchange, p) for p in told))
        else exchange
        for exchange in exchanges
    ]


def _faulty(requests: dict[str, _Seen]) -> Iterator[str]:
    """Yields the members of requests of which many values are faulty, and no value is sound.

    Where the same is true of several members, two values are enough, and Content-Length confirms nothing: a filter may
    keep the length of what it replaces.
    """
    several = sum(seen.faulty >= 2 for seen in requests.values()) >= 2
    for pointer, seen in requests.items():
        many = seen.faulty >= FEW
        if (many and (several or seen.is_doubtful)) or (several and seen.faulty >= 2 and not seen.whole):
            yield pointer


def _strange(side: dict[str, _Seen], other: dict[str, _Seen]) -> Iterator[str]:
    """Yields the members of which one side has no value of the other's, and that were surely changed, or are all the
    same; or several members at once."""
    strange = {p for p, seen in side.items() if seen.is_strange(other[p])}
    doubtful = {p for p in strange if side[p].is_doubtful and any(v not in BLANK for v in side[p].values)}
    for pointer in strange:
        seen = side[pointer]
        if seen.is_changed or (pointer in doubtful and (seen.is_constant or len(doubtful) >= FEW)):
            yield pointer


def _one_id(exchanges: Sequence[Exchange]) -> bool:
    """Tells whether all registrations have the same id, unless Content-Length confirms it."""
    seen = _Seen()
    for exchange in exchanges:
        if exchange.action == SIGNUP and exchange.acknowledged:
            seen.add(exchange.id_received, exchange.reply, sound=True)
    return seen.is_doubtful and seen.is_constant and seen.values[0] is not None


def _asked(exchange: Exchange, pattern: str) -> list[Any]:
    return _values(exchange.sent.body, pattern) if exchange.sent is not None else []


def _told(exchange: Exchange, pattern: str) -> list[Any]:
    return _values(exchange.body_of_reply, pattern) if exchange.acknowledged else []


def _values(body: Any, pattern: str) -> list[Any]:
    """Returns the values of a member in all objects that may have it; an object or a list counts as missing."""
    return [
        MISSING if isinstance(value, dict | list) else value
        for pointer, value in places(body, pattern)
        if isinstance(member(body, pointer.rpartition("/")[0]), dict)
    ]
