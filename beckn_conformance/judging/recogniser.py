"""Diagnoses requests: surely valid, surely faulty at named members, or unclear.

The diagnosis follows from the request and from what went before it, never from what the sender meant by it. An unclear
request is judged neither for its ACK nor for its NACK.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, assert_never

from ..config.gateway import GatewayConfig
from ..messages.exchange import Exchange, Message
from ..messages.faults import kinds
from ..messages.json_text import tame
from ..specification.actions import SIGNUP
from ..specification.members import Member, json_type
from ..specification.pointer import MISSING, below, member, places
from ..specification.specification import Specification
from ..untrusted.patterns import pattern
from .checks import gives_no_reason, may_be_too_early
from .diagnosis import Diagnosis, Doubt, DoubtKind, Fault, Note, Symbol
from .known import Known, KnownRegistrations, in_another_case

WIDEST_NUMBER = 2**53 - 1
"""The largest whole number that every reader of JSON keeps as it is (RFC 7493 §2.2)."""
LARGEST_CALL = 64 * 1024
"""Largest request, in bytes, that a gateway takes by every reading (Q10)."""
SKEW = 60
"""Seconds by which the clock of a gateway may be ahead when it looks whether a token has expired."""
PATIENT = 3
"""Calls with a wrong token or id after which a gateway may lock a registration or a token (H3)."""
FARTHEST = 86400
"""Seconds by which the local time of any zone can differ from the time of sending, and some."""


class Recogniser:
    """Diagnoses requests under one specification and one configuration."""

    def __init__(self, specification: Specification, config: GatewayConfig) -> None:
        self._specification = specification
        self._config = config
        self._actions = {operation.action for operation in specification.operations}
        malformed = specification.files["header.request.json"]["properties"]["Timestamp"]["x-malformed"]
        self._malformed_timestamps = {value: name for name, value in malformed.items()}
        self._declared = {pointer: pattern(text) for pointer, text in config.values.items()}

    def diagnose(self, exchange: Exchange, known: KnownRegistrations) -> Diagnosis:
        """Says what the request of an exchange deserved, given what was known when it was sent."""
        sent = exchange.sent
        if sent is None:
            return Diagnosis(doubts=(Doubt("", "the request is not a message"),), registration=exchange.about or None)
        owner = known.about(sent) if exchange.action != SIGNUP else None
        faults: list[Fault] = []
        doubts: list[Doubt] = []
        symbols: list[str] = []
        for note in self._notes(exchange, sent, known, owner):
            match note:
                case Fault() if note.in_header and note.pointer.removeprefix("header:") in known.unheld:
                    doubts.append(Doubt(note.pointer, "the recording does not hold what was sent"))
                case Fault():
                    faults.append(note)
                case Doubt():
                    doubts.append(note)
                case Symbol():
                    symbols.append(note.pointer)
                case _:
                    assert_never(note)
        at_fault = {fault.pointer for fault in faults}
        # Whoever else may have a faulty value, it is the fault that is blamed.
        doubts = [doubt for doubt in doubts if not (doubt.of_acceptance and doubt.pointer in at_fault)]
        return Diagnosis(tuple(faults), tuple(doubts), tuple(symbols), owner.id if owner else None)

    def kind_of(self, member: Member, value: Any) -> Note | None:
        """The diagnosis of a member's value, whatever else the request holds; the same for all values of a kind."""
        return self._scalar(member, member.pointer, value)

    def _notes(
        self, exchange: Exchange, sent: Message, known: KnownRegistrations, owner: Known | None
    ) -> Iterator[Note]:
        yield from self._action(exchange.action, sent.header.get("Action"))
        yield from self._timestamp(sent.header.get("Timestamp"), exchange.started)
        yield from self._body(exchange.action, sent.body)
        if exchange.action != SIGNUP:
            yield from _registration(exchange, sent, known, owner)
        elif not sent.header.get("Token", "").strip():
            yield Doubt("header:Token", "the page does not say what token a signup needs")
        for pointer, kind in known.taken(exchange, owner.id if owner else None):
            why = "another value than the registration's" if kind is DoubtKind.CHANGED else "sent before"
            yield Doubt(pointer, why, kind)
        if len(exchange.request.content) > LARGEST_CALL:
            yield Doubt("", "a request larger than every reading allows")

    def _action(self, expected: str, action: str | None) -> Iterator[Note]:
        if action == expected:
            return
        if not action:
            yield _in_header("Action", "missing")
        elif action in self._actions:
            yield _in_header("Action", "another operation")
        elif action.strip("/ ").casefold() == expected.casefold():
            yield Doubt("header:Action", "the operation's name in another notation")
        else:
            yield _in_header("Action", "unknown")

    def _timestamp(self, timestamp: str | None, now: float) -> Iterator[Note]:
        if not timestamp:
            yield _in_header("Timestamp", "missing")
        elif timestamp in self._malformed_timestamps:
            yield _in_header("Timestamp", self._malformed_timestamps[timestamp])
        elif re.search(r"[\r\n]", timestamp.strip()):
            # Only an envelope can carry it.
            yield _in_header("Timestamp", "a second line")
        elif not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", timestamp, re.ASCII):
            if any(c.isdigit() for c in timestamp):
                yield Doubt("header:Timestamp", "a time in another notation")
            else:
                yield _in_header("Timestamp", "a word")
        elif (moment := _moment(timestamp)) is not None:
            if abs(moment.timestamp() - now) > FARTHEST:
                yield Doubt("header:Timestamp", "a time far from the time of sending")
        elif re.search(r"T(24:00:00|([01]\d|2[0-3]):[0-5]\d:60)$", timestamp) and _moment(timestamp[:10]):
            yield Doubt("header:Timestamp", "a time of day in another notation")
        else:
            yield _in_header("Timestamp", "impossible")

    def _body(self, action: str, body: Any) -> Iterator[Note]:
        if not isinstance(body, dict):
            yield Doubt("", "the body is not an object")
            return
        broken: list[str] = []
        for known in self._specification.members(action):
            for pointer, value in places(body, known.pointer):
                if broken and any(pointer.startswith(f"{parent}/") for parent in broken):
                    continue
                if kind := _broken(known, value):
                    broken.append(pointer)
                    if kind == "missing" and _in_other_capitals(body, pointer):
                        yield Doubt(pointer, "a name in other capitals, which some readers of JSON take for the page's")
                    elif kind != "missing" or not known.omissible:
                        yield self._of_kind(known, pointer, kind, value)
                    continue
                if known.scalar:
                    if note := self._scalar(known, pointer, value):
                        yield note
                elif known.type == "array" and not known.borders.safe(value):
                    yield Doubt(pointer, "a list shorter or longer than every reading allows")
                if isinstance(value, dict):
                    yield from _unknown(pointer, value.keys() - known.properties)
        yield from _unknown("", body.keys() - {*self._specification.names("", action)})

    def _of_kind(self, member: Member, pointer: str, kind: str, value: Any) -> Note:
        """Diagnoses a value that is not there, or not of the member's type."""
        if kind == "number" and not -WIDEST_NUMBER <= value <= WIDEST_NUMBER:
            return Doubt(pointer, "a number so wide that some readers of JSON make a text of it")
        strength = next((s for k, s, _ in kinds(member, self._config) if k == kind), None)
        if strength is not None:
            return Fault(pointer, member.pointer, kind, strength)
        about = DoubtKind(kind) if kind in (DoubtKind.MISSING, DoubtKind.NULL) else DoubtKind.OTHER
        return Doubt(pointer, f"{kind}: the page does not say whether it may be", about)

    def _scalar(self, member: Member, pointer: str, value: Any) -> Note | None:
        if isinstance(value, str):
            if not value.isascii() and tame(value) != value:
                return Doubt(pointer, "text that is not Unicode")
            if (named := member.named_faults.get(value)) is not None:
                name, strength = named
                return Fault(pointer, member.pointer, f"malformed: {name}", strength)
        if not member.borders.tolerates(value):
            if isinstance(value, str) and member.borders.tolerates(_plain(value)):
                return Doubt(pointer, "malformed only by characters that not everybody reads alike")
            return Fault(pointer, member.pointer, "malformed", "must")
        if not member.borders.approves(value):
            return Fault(pointer, member.pointer, "malformed", "should")
        if (declared := self._declared.get(member.pointer)) is not None:
            if declared.fullmatch(value):
                return None
        elif member.borders.safe(value):
            return None
        elif member.borders.nearly_safe(value):
            return Symbol(pointer)
        return Doubt(pointer, "a value on which readings differ")


def _in_header(name: str, kind: str) -> Fault:
    return Fault(f"header:{name}", f"header:{name}", kind, "should")


def _registration(
    exchange: Exchange, sent: Message, known: KnownRegistrations, owner: Known | None
) -> Iterator[Fault | Doubt]:
    """Diagnoses registration id and token together: whose registration, and with whose token."""
    id_, token = member(sent.body, "/registration/id"), sent.header.get("Token")
    owners = known.owners.get(token or "", [])
    if owner is None and isinstance(id_, str) and id_ not in ("", MISSING):
        if known.closed and owners:
            yield Fault("/registration/id", "/registration/id", "unknown", "must")
        else:
            yield Doubt("/registration/id", "a registration whose signup was not seen")
    if not token:
        yield _in_header("Token", "missing" if token is None else "empty")
    elif owner is not None and owners and owner.id not in owners:
        yield _in_header("Token", "foreign")
    elif owner is not None and not owners:
        yield _unknown_token(token, known, owner)
    elif owner is not None and len(owners) > 1 and not known.closed:
        yield Doubt("header:Token", "a token of several registrations, perhaps of one provider")
    elif not owners:
        yield Doubt("header:Token", "a token whose signup was not seen")
    # An ACK shows that the token was good still.
    ends = [known.registrations[id_].good_until for id_ in owners if id_ in known.registrations]
    if ends and max(ends) <= exchange.ended + SKEW and not exchange.acknowledged:
        yield Doubt("header:Token", "the token may have expired", DoubtKind.EXPIRED)
    intrusions = max(known.intrusions[owner.id if owner else ""], known.intrusions[token or ""])
    if exchange.refused and may_be_too_early(exchange):
        # A call about a registration that is not seen yet may count as one about an unknown one.
        strange = known.intrusions[token or ""] + known.unseen[token or ""] if gives_no_reason(exchange) else 0
        if owner is not None and max(intrusions, strange) >= PATIENT:
            yield Doubt("header:Token", "wrong tokens or ids came before, so that the registration may be locked")
        elif owner is None and exchange.action in known.explained:
            yield Doubt(
                "/registration/id", "the gateway can tell that an id is unknown; it may be busy, or lock tokens"
            )
    if owner is not None and not known.serves_fresh:
        yield Doubt("/registration/id", "the gateway serves no registration before it is verified")


def _unknown_token(token: str, known: KnownRegistrations, owner: Known) -> Fault | Doubt:
    if not known.closed:
        return Doubt("header:Token", "a token that a call outside of the recording may have given")
    if token.casefold() == owner.token.casefold() and in_another_case(owner.token) is None:
        return Doubt("header:Token", "a token whose capitals may not matter")
    return _in_header("Token", "unknown")


def _broken(member: Member, value: Any) -> str:
    """The kind of a value that is not there, or not of the member's type; empty for any other value."""
    if value == MISSING and isinstance(value, str):
        return "missing"
    if value is None:
        return "null"
    if json_type(value) != member.type:
        return json_type(value)
    if member.filled is not None and all(v is None for k, v in value.items() if k in member.properties):
        return "none of its members"
    return "empty" if value == "" else ""


def _in_other_capitals(body: Any, pointer: str) -> bool:
    """Tells whether a missing member is there with other capitals; the kit never sends it so (T11)."""
    parent, _, name = pointer.rpartition("/")
    holder = member(body, parent)
    return isinstance(holder, dict) and any(key.casefold() == name.casefold() for key in holder)


def _unknown(pointer: str, names: Iterable[str]) -> Iterator[Doubt]:
    for name in sorted(names):
        kind = DoubtKind.CLAIMED if name == "status" else DoubtKind.OTHER
        yield Doubt(below(pointer, name), "a member the page does not know", kind)


def _plain(text: str) -> str:
    """A text as a lenient reader may take it: only what is plain ASCII, or compatible with it and no space.

    Nobody takes two lines for one.
    """
    folded = "".join(c if c.isascii() else unicodedata.normalize("NFKC", c).strip() for c in text)
    return "".join(c for c in folded if c in "\r\n" or (c.isascii() and c.isprintable()))


def _moment(text: str) -> datetime.datetime | None:
    """The moment of a time without a zone, taken to be in UTC; None for an impossible one."""
    try:
        return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
    except ValueError:
        return None
