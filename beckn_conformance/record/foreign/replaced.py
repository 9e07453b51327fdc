"""Finds the messages of a recording in which a privacy filter replaced values without a mark that tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...config.gateway import GatewayConfig
from ...judging.diagnosis import Fault
from ...judging.recogniser import Recogniser
from ...messages.exchange import Exchange, Reply, Request, Trouble, TroubleKind
from ...specification.actions import SIGNUP
from ...specification.pointer import MISSING, places
from ...specification.specification import Specification
from .contents import field as field_of

FEW = 3
"""Fewer values of a member may be alike, or faulty, by chance."""
REPLACED = Trouble(TroubleKind.LIMIT, "the recording holds a message with replaced values")


@dataclass(slots=True)
class _Seen:
    """The values of a member in all requests, or in all replies."""

    values: list[Any] = field(default_factory=list)
    sound: bool = False
    whole: int = 0
    """Values in messages that are as long as Content-Length says, so that they are on record as they were sent."""
    changed: int = 0
    """Values in messages of another length."""

    def add(self, value: Any, message: Request | Reply, *, faulty: bool) -> None:
        self.values.append(value)
        self.sound = self.sound or not faulty
        length, actual = field_of(message.headers, "content-length"), str(len(message.content))
        self.whole += length == actual
        self.changed += length not in ("", actual)

    @property
    def _doubtful(self) -> bool:
        return len(self.values) >= FEW and self.whole * 2 < len(self.values)

    def is_faulty(self, *, changed: bool = False) -> bool:
        """Tells whether no value could be accepted, with ``changed`` only if most messages have another length."""
        return self._doubtful and not self.sound and (not changed or self.changed * 2 > len(self.values))

    def is_constant(self, others: _Seen) -> bool:
        """Tells whether all values are the same, and the other side has others only."""
        first = self.values[:1]
        alike = self._doubtful and all([value] == first for value in self.values)
        return alike and bool(others.values) and first[0] not in others.values


def without_replaced(
    exchanges: Sequence[Exchange], specification: Specification, config: GatewayConfig
) -> list[Exchange]:
    """Takes the replies from exchanges in which a value is not the one that was sent, so that nothing is judged by it.

    A filter replaces every value of a member: all are faulty, or all are the same and differ from the other side's.
    """
    members = [one for one in specification.members(SIGNUP) if one.scalar]
    recogniser = Recogniser(specification, config)
    requests = {one.pointer: _Seen() for one in members}
    replies = {one.pointer: _Seen() for one in members}
    for exchange in exchanges:
        for one in members:
            for value in _asked(exchange, one.pointer):
                faulty = isinstance(recogniser.kind_of(one, value), Fault)
                requests[one.pointer].add(value, exchange.request, faulty=faulty)
            for value in _told(exchange, one.pointer):
                faulty = isinstance(recogniser.kind_of(one, value), Fault)
                if exchange.reply is not None and value not in (None, ""):
                    replies[one.pointer].add(value, exchange.reply, faulty=faulty)
    asked = {p for p, seen in requests.items() if seen.is_faulty() or seen.is_constant(replies[p])}
    told = asked | {p for p, seen in replies.items() if seen.is_constant(requests[p]) or seen.is_faulty(changed=True)}
    return [
        replace(exchange, reply=None, received=None, trouble=REPLACED)
        if exchange.reply is not None
        and (any(_asked(exchange, p) for p in asked) or any(_told(exchange, p) for p in told))
        else exchange
        for exchange in exchanges
    ]


def _asked(exchange: Exchange, pattern: str) -> list[Any]:
    return _values(exchange.sent.body, pattern) if exchange.sent is not None else []


def _told(exchange: Exchange, pattern: str) -> list[Any]:
    return _values(exchange.body_of_reply, pattern) if exchange.acknowledged else []


def _values(body: Any, pattern: str) -> list[Any]:
    return [v for _, v in places(body, pattern) if v != MISSING and not isinstance(v, dict | list)]
