"""Finds what a recorder or a privacy filter removed from a recording, or replaced without a mark that tells."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ...config.gateway import GatewayConfig
from ...judging.diagnosis import Fault
from ...judging.recogniser import Recogniser
from ...messages.exchange import Exchange, Reply, Request, Trouble, TroubleKind
from ...specification.actions import SIGNUP
from ...specification.members import Member
from ...specification.pointer import MISSING, member, places
from ...specification.specification import Specification
from .contents import field as field_of
from .marks import is_mark, is_masked

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
    confirmed: int = 0
    """Values in messages that are as long as Content-Length says, so that they are on record as they were sent."""

    def add(self, value: Any, *, sound: bool, whole: bool) -> None:
        """Adds a value; ``whole`` tells whether its message is as long as Content-Length says."""
        self.values.append(value)
        self.sound = self.sound or sound or (whole and value == MISSING)
        # A filter that writes marks may keep the length of what it replaces.
        self.confirmed += whole and not (isinstance(value, str) and is_mark(value))

    @property
    def texts(self) -> Iterator[str]:
        return (value for value in self.values if isinstance(value, str) and value != MISSING)

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed * 2 >= len(self.values)

    @property
    def faulty(self) -> int:
        """The number of values, if none of them could be accepted."""
        return 0 if self.sound else len(self.values)


class _Members:
    """The members of requests, and their values in exchanges."""

    def __init__(self, specification: Specification) -> None:
        self.of = {
            one.action: {m.pointer: m for m in specification.members(one.action)} for one in specification.operations
        }
        self.all = {pointer: one for of_operation in self.of.values() for pointer, one in of_operation.items()}

    def asked(self, exchange: Exchange, pointer: str) -> list[Any]:
        """Returns the values in a request, if the member belongs there."""
        one = self.of[exchange.action].get(pointer)
        return _values(exchange.sent.body, one) if exchange.sent is not None and one is not None else []

    def told(self, exchange: Exchange, pointer: str) -> list[Any]:
        """Returns the values in a reply."""
        return _values(exchange.body_of_reply, self.all[pointer]) if exchange.acknowledged else []

    def within(self, pointer: str) -> list[str]:
        """Returns a list, and what is in it."""
        return [one for one in self.all if one == pointer or one.startswith(f"{pointer}/")]

    def texts(self, exchange: Exchange) -> Iterator[str]:
        """Yields the texts of a request and its reply."""
        for pointer in self.all:
            for value in (*self.asked(exchange, pointer), *self.told(exchange, pointer)):
                if isinstance(value, str):
                    yield value


def without_replaced(
    exchanges: Sequence[Exchange], specification: Specification, config: GatewayConfig
) -> list[Exchange]:
    """Takes the replies from exchanges in which a value is not the one that was sent, so that nothing is judged by it.

    A filter replaces every value of a member: all are faulty, or none is one of the other side's.
    """
    members = _Members(specification)
    recogniser = Recogniser(specification, config)
    requests = {pointer: _Seen() for pointer in members.all}
    replies = {pointer: _Seen() for pointer in members.all}
    for exchange in exchanges:
        asked_whole, told_whole = is_whole(exchange.request), is_whole(exchange.reply)
        for pointer, one in members.all.items():
            for seen, whole, values in (
                (requests[pointer], asked_whole, members.asked(exchange, pointer)),
                (replies[pointer], told_whole, members.told(exchange, pointer)),
            ):
                for value in values:
                    sound = seen.sound or (value not in BLANK and not isinstance(recogniser.kind_of(one, value), Fault))
                    seen.add(value, sound=sound, whole=whole)
    unconfirmed = [one for one in exchanges if not is_whole(one.request)]
    mended = {
        *_mended(unconfirmed, members, recogniser),
        *_cut(unconfirmed, members),
        *_unwrapped(unconfirmed, members),
    }
    asked = {*_faulty(requests), *_strange(requests, replies), *mended}
    told = {*asked, *_strange(replies, requests)}
    if _one_id(exchanges):
        told.add(ID)
    lossy = {*_lossy(requests, replies), *_lossy(replies, requests)}

    def is_replaced(exchange: Exchange) -> bool:
        # A refusal has its messages in the places of members, and a filter replaces them, too.
        messages = told & members.of[exchange.action].keys() if exchange.refused else ()
        return bool(
            messages
            or any(members.asked(exchange, pointer) for pointer in asked)
            or any(members.told(exchange, pointer) for pointer in told)
            or (lossy and not lossy.isdisjoint(members.texts(exchange)))
        )

    return [
        replace(exchange, reply=None, received=None, trouble=REPLACED)
        if exchange.reply is not None and is_replaced(exchange)
        else exchange
        for exchange in exchanges
    ]


def _faulty(requests: dict[str, _Seen]) -> Iterator[str]:
    """Yields the members of requests of which many values are faulty, and no value is sound.

    Where the same is true of several members, two values are enough, and Content-Length confirms no more: a filter may
    keep the length of what it replaces. Where it has masked each sign, one is enough.
    """
    several = sum(seen.faulty >= 2 for seen in requests.values()) >= 2
    for pointer, seen in requests.items():
        many = seen.faulty >= FEW
        some = several and seen.faulty >= 2 and not seen.confirmed
        masked = seen.faulty > 0 and {*map(is_masked, seen.texts)} == {True}
        if masked or some or (many and (several or not seen.is_confirmed)):
            yield pointer


def _mended(exchanges: Sequence[Exchange], members: _Members, recogniser: Recogniser) -> Iterator[str]:
    """Yields members that are faulty in a signup and sound in its ACK."""

    def is_fault(one: Member, value: Any) -> bool:
        return isinstance(recogniser.kind_of(one, value), Fault)

    for exchange in exchanges:
        if exchange.action == SIGNUP and exchange.acknowledged:
            for pointer, one in members.of[SIGNUP].items():
                asked, told = members.asked(exchange, pointer), members.told(exchange, pointer)
                if any(is_fault(one, v) for v in asked) and told and not any(is_fault(one, v) for v in told):
                    yield pointer


def _cut(exchanges: Sequence[Exchange], members: _Members) -> Iterator[str]:
    """Yields lists, and what is in them, of which a signup's ACK shows more items than were sent, or a NACK blames one
    that was not."""
    for exchange in exchanges:
        for pointer in members.of[exchange.action] if exchange.refused or exchange.action == SIGNUP else ():
            asked, told = member(exchange.body_sent, pointer), member(exchange.body_of_reply, pointer)
            if isinstance(asked, list) and isinstance(told, list) and any(told[len(asked) :]):
                yield from members.within(pointer)


def _unwrapped(exchanges: Sequence[Exchange], members: _Members) -> Iterator[str]:
    """Yields lists, and what is in them, in whose place an acknowledged request has an item."""
    for exchange in exchanges:
        for pointer, one in members.of[exchange.action].items() if exchange.acknowledged else ():
            if one.type == "array" and isinstance(member(exchange.body_sent, pointer), dict):
                yield from members.within(pointer)


def _strange(side: dict[str, _Seen], other: dict[str, _Seen]) -> Iterator[str]:
    """Yields the members of which one side never has a value of the other's, not even in another writing.

    Where the same is true of several, Content-Length confirms none whose values are as long as the other side's.
    """
    found = []
    for pointer, seen in side.items():
        if len(seen.values) < FEW or (pointer != ID and all(value == MISSING for value in seen.values)):
            # A gateway that never shows a member is likelier than a filter that takes it out of one side. An id that is
            # used was shown.
            continue
        others = {_essence(value) for value in other[pointer].values if value not in BLANK}
        if others and others.isdisjoint(map(_essence, seen.values)):
            found.append(pointer)
    alike = {pointer for pointer in found if {*map(len, side[pointer].texts)} <= {*map(len, other[pointer].texts)}}
    for pointer in found:
        if not side[pointer].is_confirmed or (pointer in alike and len(alike) > 1):
            yield pointer


def _lossy(side: dict[str, _Seen], other: dict[str, _Seen]) -> Iterator[str]:
    """Yields the texts with letters beyond ASCII, and what is left of them, if one side has lost all such letters."""
    confirmed = sum(seen.confirmed for seen in side.values()) * 2 >= sum(len(seen.values) for seen in side.values())
    if confirmed or any(not text.isascii() for seen in side.values() for text in seen.texts):
        return
    for text in (text for seen in other.values() for text in seen.texts if not text.isascii()):
        yield text
        for plain in (text, unicodedata.normalize("NFKD", text)):
            for errors in ("replace", "ignore"):
                yield plain.encode("ascii", errors).decode()


def _essence(value: Any) -> object:
    """Returns what a gateway leaves of a value that it writes in its own way."""
    if isinstance(value, str):
        return "".join(filter(str.isalnum, value.casefold()))
    return type(value) if isinstance(value, dict | list) else value


def _one_id(exchanges: Sequence[Exchange]) -> bool:
    """Tells whether all registrations have the same id, unless Content-Length confirms it."""
    seen = _Seen()
    for exchange in exchanges:
        if exchange.action == SIGNUP and exchange.acknowledged:
            seen.add(exchange.id_received, sound=True, whole=is_whole(exchange.reply))
    return len(seen.values) >= FEW and not seen.is_confirmed and len({*seen.values}) == 1 and seen.values[0] is not None


def is_whole(message: Request | Reply | None) -> bool:
    """Tells whether a message is as long as Content-Length says."""
    return message is not None and field_of(message.headers, "content-length") == str(len(message.content))


def _values(body: Any, one: Member) -> list[Any]:
    """Returns the values of a member wherever it belongs; of one without members, an object or a list counts as
    missing."""
    return [
        MISSING if one.scalar and isinstance(value, dict | list) else value
        for pointer, value in places(body, one.pointer)
        if isinstance(parent := member(body, pointer.rpartition("/")[0]), dict) or parent == MISSING
    ]


# Tokens.


def tokens_are_evidence(calls: Sequence[Exchange]) -> bool:
    """Reports if tokens tell registrations apart: there are some, and none is given to, or sent for, several
    registrations."""
    given: dict[str, set[str]] = defaultdict(set)
    sent: dict[str, set[str]] = defaultdict(set)
    for call in calls:
        if call.action == SIGNUP and call.acknowledged and call.id_received:
            given[call.token_received or ""].add(call.id_received)
        elif call.action != SIGNUP and call.acknowledged and call.sent is not None:
            sent[call.sent.header.get("Token") or ""].add(call.id_sent or "")
    later = [call for call in calls if call.action != SIGNUP and call.sent is not None]
    if any(map(is_mark, (*given, *_tokens(later)))):
        return False
    if later and not any(_tokens(later)):
        return False
    if any(len(ids) > 1 for token, ids in sent.items() if token and token not in given):
        return False
    if len(given) == 1 and len(next(iter(given.values()))) > 1:
        return False
    # One token for all calls that no signup was seen to give is a replacement.
    only = {*_tokens(later)}
    return not (len(only) == 1 and given and only.isdisjoint(given) and any(call.acknowledged for call in later))


def tokens_are_missing(calls: Sequence[Exchange]) -> bool:
    """Reports if the recorder took the tokens out of replies: no signup gave one, and later calls were served."""
    signups = [call for call in calls if call.action == SIGNUP and call.acknowledged]
    later = [call for call in calls if call.action != SIGNUP]
    used = {*_tokens(later)}
    given = [
        token
        for call in signups
        if (token := member(call.body_of_reply, "/auth/token")) not in (None, "", MISSING)
        if isinstance(token, str) or str(token) in used
    ]
    return bool(signups) and not given and any(call.acknowledged for call in later)


def _tokens(calls: Iterable[Exchange]) -> list[str]:
    return [token for call in calls if call.sent is not None and (token := call.sent.header.get("Token"))]
