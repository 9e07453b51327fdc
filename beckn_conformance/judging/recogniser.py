"""The recogniser: what a request deserved, told from the request alone and from what went before it.

A request is surely valid, surely faulty at named members, or unclear; what is unclear is judged for neither
ACK nor NACK. It never matters what the sender meant by it.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, assert_never

from ..config.gateway import GatewayConfig
from ..messages.exchange import Exchange, Message
from ..messages.faults import kinds
from ..messages.json_text import tame
from ..specification.actions import SIGNUP
from ..specification.members import Member, json_type
from ..specification.pointer import MISSING, below, places
from ..specification.specification import Specification
from ..untrusted.patterns import pattern

WIDEST_NUMBER = 2**53 - 1
"""The largest whole number that every reader of JSON keeps as it is (RFC 7493 §2.2)."""
LARGEST_CALL = 64 * 1024
"""Bytes of a request that every reading has a gateway take (Q10)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is surely wrong with a request."""

    pointer: str
    """JSON Pointer into the body, or ``header:Token`` and the like."""
    member: str
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
    """What a doubt is about, where something depends on it."""

    MISSING = "missing"
    NULL = "null"
    TAKEN = "taken"
    """Another registration was made with the value."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A member of which readers can differ, so that nothing follows from it."""

    pointer: str
    why: str
    """For people; nothing is decided by it."""
    kind: DoubtKind = DoubtKind.OTHER


@dataclass(frozen=True, slots=True)
class Symbol:
    """A member whose value a gateway SHOULD accept rather than MUST (Q4)."""

    pointer: str


Note = Fault | Doubt | Symbol
"""What the recogniser says of one member."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is surely wrong with a request, and what is unclear about it."""

    faults: tuple[Fault, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    symbols: tuple[str, ...] = ()
    """Members whose values a gateway SHOULD accept rather than MUST (Q4)."""
    registration: str | None = None
    """Id of the known registration the request is about."""

    @property
    def valid(self) -> bool:
        return not self.faults and not self.doubts

    @property
    def faulty(self) -> bool:
        return bool(self.faults)

    @property
    def header_faults(self) -> tuple[Fault, ...]:
        return tuple(f for f in self.faults if f.in_header)

    @property
    def body_faults(self) -> tuple[Fault, ...]:
        return tuple(f for f in self.faults if not f.in_header)

    def clouds(self, pointer: str) -> bool:
        """Whether a member, or a part of it, is in doubt or at fault."""
        return any(
            p == pointer or p.startswith(pointer + "/") or pointer.startswith(p + "/")
            for p in (*(f.pointer for f in self.faults), *(d.pointer for d in self.doubts))
        )


@dataclass(slots=True)
class Known:
    """A registration whose making was seen, as far as the recogniser needs it."""

    id: str
    token: str
    expires: datetime.datetime | None = None
    """Only where the time lay ahead when it was given (H4)."""


@dataclass(slots=True)
class KnownRegistrations:
    """What is known of a gateway's registrations before a request."""

    registrations: dict[str, Known] = field(default_factory=dict)
    owners: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the registrations to which a token was given."""
    company_ids: dict[int, str] = field(default_factory=dict)
    """Owner of each company id that was sent, without regard to case (Q5): a registration id or an exchange id.

    Here and below hashes stand for texts, so that a long run takes little memory."""
    identities: set[int] = field(default_factory=set)
    """Names, phones and addresses that signups sent: a second signup with one of them may be refused."""
    closed: bool = True
    """Whether every registration of this gateway that can be asked for was seen; not so in recorded traffic."""
    unheld: frozenset[str] = frozenset()
    """Members of the header of which the recording that is judged says nothing."""
    serves_fresh: bool = True
    """False where no call about a fresh registration was ever served and nothing is declared for it."""

    def about(self, sent: Message) -> Known | None:
        """The known registration that a request names."""
        id_ = _named(sent)
        return self.registrations.get(id_) if isinstance(id_, str) else None

    def learn(self, exchange: Exchange, registration: str | None) -> None:
        """Remembers what a request identified a provider with; call it once the request is diagnosed."""
        info = _info(exchange.sent)
        if company_id := _text(info, "company_id"):
            self.company_ids.setdefault(hash(company_id.casefold()), registration or exchange.id)
        if registration is None:
            self.identities |= {key for _, key in _identities(info)}

    def give(self, registration: str, signup: Exchange) -> None:
        """Makes the company id of an acknowledged signup that of the registration, which may repeat it."""
        key = hash(_text(_info(signup.sent), "company_id").casefold())
        if self.company_ids.get(key) == signup.id:
            self.company_ids[key] = registration

    def forget(self, registration: str) -> None:
        """Drops a registration that is not called again; whom its token was given to is still known."""
        self.registrations.pop(registration, None)

    def add(self, registration: Known) -> None:
        self.registrations.setdefault(registration.id, registration)
        owners = self.owners.setdefault(registration.token, [])
        if registration.id not in owners:
            owners.append(registration.id)


class Recogniser:
    """Diagnoses requests under one specification and one configuration."""

    def __init__(self, specification: Specification, config: GatewayConfig) -> None:
        self._specification = specification
        self._config = config
        self._timestamp = specification.files["header.request.json"]["properties"]["Timestamp"]
        self._company_id = pattern(config.company_id) if config.company_id else None

    def diagnose(self, exchange: Exchange, known: KnownRegistrations) -> Diagnosis:
        """What the exchange's request deserved, given what was known when it was sent."""
        sent = exchange.sent
        if sent is None:
            return Diagnosis(doubts=(Doubt("", "the request is no message"),), registration=exchange.about or None)
        owner = known.about(sent) if exchange.action != SIGNUP else None
        registration = owner.id if owner else None
        faults: list[Fault] = []
        doubts: list[Doubt] = []
        symbols: list[str] = []
        for note in self._notes(exchange, sent, known, owner):
            match note:
                case Fault() if note.in_header and _name_of(note) in known.unheld:
                    doubts.append(Doubt(note.pointer, "the recording does not hold what was sent"))
                case Fault():
                    faults.append(note)
                case Doubt():
                    doubts.append(note)
                case Symbol():
                    symbols.append(note.pointer)
                case _:
                    assert_never(note)
        return Diagnosis(tuple(faults), tuple(doubts), tuple(symbols), registration)

    def _notes(
        self, exchange: Exchange, sent: Message, known: KnownRegistrations, owner: Known | None
    ) -> Iterator[Note]:
        yield from self._header(exchange, sent.header)
        yield from self._body(exchange.action, sent.body)
        if exchange.action != SIGNUP:
            yield from self._registration(exchange, sent, known, owner)
        elif not sent.header.get("Token", "").strip():
            yield Doubt("header:Token", "the page does not say what token a signup needs")
        yield from self._uniqueness(exchange, known, owner.id if owner else None)
        if len(exchange.request.content) > LARGEST_CALL:
            yield Doubt("", "a request larger than every reading allows")

    def _header(self, exchange: Exchange, header: Mapping[str, str]) -> Iterator[Fault | Doubt]:
        action = header.get("Action")
        if action != exchange.action:
            if action is None or action == "":
                yield Fault("header:Action", "header:Action", "missing", "should")
            elif action in {o.action for o in self._specification.operations}:
                yield Fault("header:Action", "header:Action", "another operation", "should")
            elif action.strip("/ ").casefold() == exchange.action.casefold():
                yield Doubt("header:Action", "the operation's name in another notation")
            else:
                yield Fault("header:Action", "header:Action", "unknown", "should")
        timestamp = header.get("Timestamp")
        if timestamp is None or timestamp == "":
            yield Fault("header:Timestamp", "header:Timestamp", "missing", "should")
            return
        for name, value in self._timestamp["x-malformed"].items():
            if timestamp == value:
                yield Fault("header:Timestamp", "header:Timestamp", name, "should")
                return
        if re.search(r"[\r\n]", timestamp.strip()):
            # Only an envelope can carry it.
            yield Fault("header:Timestamp", "header:Timestamp", "a second line", "should")
            return
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", timestamp, re.ASCII):
            if any(c.isdigit() for c in timestamp):
                yield Doubt("header:Timestamp", "a time in another notation")
            else:
                yield Fault("header:Timestamp", "header:Timestamp", "a word", "should")
            return
        try:
            moment = datetime.datetime.fromisoformat(timestamp).replace(tzinfo=datetime.UTC)
        except ValueError:
            if re.search(r"T(24:00:00|([01]\d|2[0-3]):[0-5]\d:60)$", timestamp) and _is_day(timestamp[:10]):
                yield Doubt("header:Timestamp", "a time of day in another notation")
            else:
                yield Fault("header:Timestamp", "header:Timestamp", "impossible", "should")
            return
        if abs(moment.timestamp() - exchange.started) > 86400:
            yield Doubt("header:Timestamp", "a time far from the time of sending")

    def _body(self, action: str, body: Any) -> Iterator[Note]:
        if not isinstance(body, dict):
            yield Doubt("", "the body is no object")
            return
        broken: list[str] = []
        for member in self._specification.members(action):
            for pointer, value in places(body, member.pointer):
                if any(pointer.startswith(parent + "/") for parent in broken):
                    continue
                if value == MISSING and isinstance(value, str):
                    kind = "missing"
                elif value is None:
                    kind = "null"
                elif not member.has_type(value):
                    kind = json_type(value)
                elif member.filled is not None and all(v is None for k, v in value.items() if k in member.properties):
                    kind = "none of its members"
                elif value == "":
                    kind = "empty"
                else:
                    kind = ""
                if kind == "number" and not -WIDEST_NUMBER <= value <= WIDEST_NUMBER:
                    yield Doubt(pointer, "a number so wide that some readers of JSON make a text of it")
                    broken.append(pointer)
                    continue
                if kind:
                    strength = {k: s for k, s, _ in kinds(member, self._config)}.get(kind)
                    if strength is None:
                        about = DoubtKind(kind) if kind in (DoubtKind.MISSING, DoubtKind.NULL) else DoubtKind.OTHER
                        yield Doubt(pointer, f"{kind}: the page does not say whether it may be", about)
                    else:
                        yield Fault(pointer, member.pointer, kind, strength)
                    broken.append(pointer)
                    continue
                if member.scalar:
                    if note := self._scalar(member, pointer, value):
                        yield note
                elif not member.safe(value):
                    yield Doubt(pointer, "a list shorter or longer than every reading allows")
                if isinstance(value, dict):
                    for name in sorted(value.keys() - member.properties):
                        yield Doubt(below(pointer, name), "a member the page does not know")
        for name in sorted(body.keys() - self._specification.top_members(action)):
            yield Doubt(below("", name), "a member the page does not know")

    def kind_of(self, member: Member, value: Any) -> Note | None:
        """What is said of a value of a member, whatever else the request holds; the same of values of one kind."""
        return self._scalar(member, member.pointer, value)

    def _scalar(self, member: Member, pointer: str, value: Any) -> Note | None:
        if isinstance(value, str):
            if not value.isascii() and tame(value) != value:
                return Doubt(pointer, "text that is no Unicode")
            if (named := member.named_faults.get(value)) is not None:
                name, strength = named
                return Fault(pointer, member.pointer, f"malformed: {name}", strength)
        if not member.tolerates(value):
            if isinstance(value, str) and member.tolerates(_plain(value)):
                return Doubt(pointer, "malformed only by characters that not everybody reads alike")
            return Fault(pointer, member.pointer, "malformed", "must")
        if not member.approves(value):
            return Fault(pointer, member.pointer, "malformed", "should")
        if member.pointer == "/info/company_id" and self._company_id is not None:
            if self._company_id.fullmatch(value):
                return None
        elif member.safe(value):
            return None
        elif member.nearly_safe(value):
            return Symbol(pointer)
        return Doubt(pointer, "a value on which readings differ")

    def _registration(
        self, exchange: Exchange, sent: Message, known: KnownRegistrations, owner: Known | None
    ) -> Iterator[Fault | Doubt]:
        """Judges registration id and token together: whose registration, and with whose token."""
        id_ = _named(sent)
        token = sent.header.get("Token")
        owners = known.owners.get(token or "", [])
        if isinstance(id_, str) and id_ != "" and owner is None:
            if known.closed and owners:
                yield Fault("/registration/id", "/registration/id", "unknown", "must")
            else:
                yield Doubt("/registration/id", "a registration whose making was not seen")
        if token is None or token == "":
            kind = "missing" if token is None else "empty"
            yield Fault("header:Token", "header:Token", kind, "should")
        elif owner is not None and owner.id not in owners:
            kind = "foreign" if owners else "unknown"
            yield Fault("header:Token", "header:Token", kind, "should")
        elif owner is not None and len(owners) > 1:
            yield Fault("header:Token", "header:Token", "shared", "should")
        elif not owners:
            yield Doubt("header:Token", "a token whose making was not seen")
        if owner is not None and owner.expires is not None:
            moment = datetime.datetime.fromtimestamp(exchange.ended + 2, datetime.UTC)
            if moment >= owner.expires:
                yield Doubt("header:Token", "the token may have expired")
        if owner is not None and not known.serves_fresh:
            yield Doubt("/registration/id", "the gateway serves no registration before it is verified")

    def _uniqueness(self, exchange: Exchange, known: KnownRegistrations, registration: str | None) -> Iterator[Doubt]:
        info = _info(exchange.sent)
        taken = "another registration was made with it"
        if company_id := _text(info, "company_id"):
            owner = known.company_ids.get(hash(company_id.casefold()))
            if owner not in (None, registration, exchange.id):
                yield Doubt("/info/company_id", taken, DoubtKind.TAKEN)
        if registration is None:
            for name, key in _identities(info):
                if key in known.identities:
                    yield Doubt(f"/info/{name}", taken, DoubtKind.TAKEN)


def _info(sent: Message | None) -> dict[str, Any]:
    info = sent.body.get("info") if sent is not None and isinstance(sent.body, dict) else None
    return info if isinstance(info, dict) else {}


def _text(info: Mapping[str, Any], name: str) -> str:
    value = info.get(name)
    return value if isinstance(value, str) else ""


def _identities(info: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The members by which a gateway may know a provider again, each with a key for its value."""
    for name in ("name", "phone", "email"):
        value = info.get(name)
        if isinstance(value, str):
            yield name, hash((name, value.casefold()))


def _name_of(fault: Fault) -> str:
    """The member of the header that a fault is of."""
    return fault.pointer.removeprefix("header:")


def _named(sent: Message) -> Any:
    """What a request gives as the id of the registration it is about."""
    registration = sent.body.get("registration") if isinstance(sent.body, dict) else None
    return registration.get("id") if isinstance(registration, dict) else None


def _plain(text: str) -> str:
    """A text as a lenient reader may take it: only what is plain ASCII, or is compatible with it and no space.

    Nobody takes two lines for one.
    """
    folded = "".join(c if c.isascii() else unicodedata.normalize("NFKC", c).strip() for c in text)
    return "".join(c for c in folded if c in "\r\n" or (c.isascii() and c.isprintable()))


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
