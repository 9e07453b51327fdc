"""The facts known of a gateway's registrations before a request is sent."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..messages.exchange import Exchange, Message, overlapping
from ..messages.times import read_date, read_time
from ..specification.actions import SIGNUP
from ..specification.pointer import MISSING, member, objects
from .diagnosis import DoubtKind
from .hashes import Hashes

IDENTIFYING = ("name", "phone", "email", "company_id")
"""Members of ``info`` by which a gateway may know a provider again."""
REFUSED_ONLY = -1
"""Stands for the sender of a value that only came with refused signups. No hash is -1."""
SURE = 90.0
"""Seconds for which a token is good if nobody can tell when it expires."""
FEW = 3
"""Letters beyond f of each case in a token from which on it is surely no number in another notation."""


@dataclass(slots=True)
class Known:
    """A registration whose signup was seen."""

    id: str
    token: str
    good_until: float = math.inf
    """Time until which the token is surely good, in seconds since the epoch (H4)."""
    waits: bool = False
    """True while its status says that a change waits to be carried out (R5)."""
    changed: float = -math.inf
    """When the last change of it was answered, in seconds since the epoch."""
    documents: int = 0
    """How many documents it has, at most."""
    info: dict[str, int] = field(default_factory=dict)
    """Hashes of the values that identify the provider, by name of member."""
    accepted: frozenset[int] = frozenset()
    """Hashes of the faulty values that were acknowledged, each with its member."""

    def accept(self, pattern: str, value: object) -> None:
        """Notes that a faulty value of a member was acknowledged."""
        self.accepted |= {hash((pattern, repr(value)))}

    def may_show(self, pattern: str, value: object) -> bool:
        """True if a faulty value of a member was acknowledged, so that later replies show it."""
        return hash((pattern, repr(value))) in self.accepted


@dataclass(slots=True)
class KnownRegistrations:
    """The registrations of a gateway, their tokens, and the values that are taken.

    A hash stands for each value, so that a long run takes little memory.
    """

    registrations: dict[str, Known] = field(default_factory=dict)
    owners: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the registrations to which a token was given."""
    identities: Hashes = field(default_factory=Hashes)
    """By name and value of each member that may tell providers apart, who sent it first: a registration or an exchange.

    Whether letters are capitals does not matter (Q5)."""
    contested: frozenset[tuple[str, int]] = frozenset()
    """Signups with what identifies a provider, where another signup with the same was under way."""
    documents: dict[str, set[int]] = field(default_factory=dict)
    """By registration, names and contents of its documents, by which a gateway may know a document again (R13)."""
    changed: set[str] = field(default_factory=set)
    """Members of ``info`` that the gateway was seen to change (Q15)."""
    intrusions: Counter[str] = field(default_factory=Counter)
    """By id and by token, refused calls that named a registration and had not its token."""
    unseen: Counter[str] = field(default_factory=Counter)
    """By token, refused calls that blamed the id of its own registration, as a replica that is behind does (R19)."""
    explained: set[str] = field(default_factory=set)
    """Operations in which a call about an unknown registration was refused with a reason, or as a wrong token is."""
    closed: bool = True
    """Every registration that can be asked for was seen. Not so in recorded traffic."""
    unheld: frozenset[str] = frozenset()
    """Members of the header, and of replies, that the recording under judgement does not hold."""
    binds_tokens: bool = True
    """False once a token of another registration was accepted."""
    serves_fresh: bool = True
    """False if no call about a fresh registration was ever served and nothing is declared for it."""

    def about(self, sent: Message) -> Known | None:
        """The known registration that a request names."""
        id_ = member(sent.body, "/registration/id")
        return self.registrations.get(id_) if isinstance(id_, str) else None

    def taken(self, exchange: Exchange, registration: str | None) -> Iterator[tuple[str, DoubtKind]]:
        """Pointers of values that were sent before, for which a gateway may refuse a request, each with its kind.

        These are values that another provider may have (Q5, Q13), new ones of members that the gateway blames and
        was never seen to change (Q15), and names and contents of documents that the registration has, or that stand
        twice in the request (R13).
        """
        mine = self.registrations.get(registration or "")
        for name, key in _identities(exchange):
            new = mine is not None and mine.info.get(name) != key and name not in self.changed
            blamed = exchange.refused and member(exchange.body_of_reply, f"/info/{name}") not in (MISSING, None, "")
            if new and blamed:
                yield f"/info/{name}", DoubtKind.CHANGED
            owner = self.identities[key]
            if (exchange.id, key) in self.contested:
                yield f"/info/{name}", DoubtKind.TAKEN
            elif owner not in (0, hash(registration), hash(exchange.id)):
                corrected = owner == REFUSED_ONLY and exchange.action == SIGNUP
                yield f"/info/{name}", DoubtKind.CORRECTED if corrected else DoubtKind.TAKEN
        there = {*self.documents.get(registration or "", ())}
        for pointer, document in _documents(exchange):
            if document in there:
                yield pointer, DoubtKind.TAKEN
            there.add(document)

    def alike(self, signup: Exchange) -> list[Known]:
        """The known registrations that were the first to send a value by which a signup identifies its provider."""
        first = {self.identities[key] for _, key in _identities(signup)}
        return [known for id_, known in self.registrations.items() if hash(id_) in first]

    def is_anothers(self, name: str, value: object, registration: str) -> bool:
        """True if another registration was the first to send this value of a member of ``info``."""
        known = name in IDENTIFYING and isinstance(value, str) and value
        return bool(known) and self.identities[_identity(name, str(value))] not in (0, REFUSED_ONLY, hash(registration))

    def contest(self, exchanges: Sequence[Exchange]) -> None:
        """Takes note of signups that came at the same time for one provider: either may be refused (Q13)."""
        by_value: defaultdict[int, list[Exchange]] = defaultdict(list)
        for exchange in exchanges:
            if exchange.action == SIGNUP:
                for _, key in _identities(exchange):
                    by_value[key].append(exchange)
        self.contested = frozenset(
            (id_, key) for key, several in by_value.items() if len(several) > 1 for id_ in overlapping(several)
        )

    def learn(self, exchange: Exchange, registration: str | None, *, passing: bool = False) -> None:
        """Remembers what a request identified a provider with; to be called after the request is diagnosed.

        ``passing`` is the refusal of a call that was made again, or is put down to a closed operation (T13).
        """
        mine = self.registrations.get(registration or "")
        if exchange.refused and exchange.id_sent and exchange.sent:
            token = exchange.sent.header.get("Token", "")
            if mine is None or token != mine.token:
                self.intrusions.update({registration or "", token if token in self.owners else ""} - {""})
            elif member(exchange.body_of_reply, "/registration/id") not in (MISSING, None, "", mine.id):
                self.unseen[token] += 1
        if passing:
            return
        # In recorded traffic nobody knows when a gateway forgets what it refused.
        refused = exchange.action == SIGNUP and exchange.refused and self.closed
        for name, key in _identities(exchange):
            if self.identities[key] in (0, REFUSED_ONLY):
                self.identities[key] = REFUSED_ONLY if refused else hash(registration or exchange.id)
            if mine is not None and exchange.acknowledged:
                if mine.info.get(name, key) != key:
                    self.changed.add(name)
                mine.info[name] = key
        if registration is not None and not exchange.refused:
            self._keep_documents(registration, exchange)

    def give(self, registration: str, signup: Exchange) -> None:
        """Makes the values of an acknowledged signup those of the registration, which may repeat them."""
        for name, key in _identities(signup):
            if self.identities[key] == hash(signup.id):
                self.identities[key] = hash(registration)
            if registration in self.registrations:
                self.registrations[registration].info[name] = key
        self._keep_documents(registration, signup)

    def _keep_documents(self, registration: str, exchange: Exchange) -> None:
        self.documents.setdefault(registration, set()).update(document for _, document in _documents(exchange))
        if registration in self.registrations:
            self.registrations[registration].documents += documents_of(exchange)

    def add(self, registration: Known) -> None:
        self.registrations.setdefault(registration.id, registration)
        owners = self.owners.setdefault(registration.token, [])
        if registration.id not in owners:
            owners.append(registration.id)

    def forget(self, registration: str) -> None:
        """Drops a registration that is not called again; the owner of its token is still known."""
        self.registrations.pop(registration, None)
        self.documents.pop(registration, None)


def good_until(signup: Exchange) -> float:
    """The time until which the token of an acknowledged signup is surely good, in seconds since the epoch.

    A time without a zone may be in any. The clock of the gateway, as far as its replies tell it, may be ahead.
    """
    exp = member(signup.body_of_reply, "/auth/exp")
    moment = read_time(exp, earliest=True) if isinstance(exp, str) and exp != MISSING else None
    if moment is None or moment.timestamp() <= signup.ended:
        return signup.ended + SURE
    clock = read_date(signup.reply.header("date")) if signup.reply is not None else None
    return moment.timestamp() - max((clock or 0.0) - signup.ended, 0.0)


def in_another_case(token: str) -> str | None:
    """Returns a token or an id with capitals and small letters exchanged; None if they may not matter, as in a UUID."""
    # A prefix may be a word, and what follows a number in another notation.
    longest = max(re.findall("[A-Za-z0-9]+", token), key=len, default="")
    letters = [letter for letter in longest if letter.isalpha() and letter.lower() not in "abcdef"]
    capitals = sum(map(str.isupper, letters))
    return token.swapcase() if min(capitals, len(letters) - capitals) >= FEW else None


def _identities(exchange: Exchange) -> Iterator[tuple[str, int]]:
    """Yields the name of each member by which a gateway may know a provider again, and a hash of name and value."""
    info = member(exchange.body_sent, "/info")
    for name in IDENTIFYING:
        value = info.get(name) if isinstance(info, dict) else None
        if isinstance(value, str) and value:
            yield name, _identity(name, value)


def _identity(name: str, value: str) -> int:
    return hash((name, value.casefold()))


def documents_of(exchange: Exchange) -> int:
    """Counts the documents of a request."""
    documents = member(exchange.body_sent, "/documents")
    return len(documents) if isinstance(documents, list) else 0


def _documents(exchange: Exchange) -> Iterator[tuple[str, int]]:
    """Yields the pointer of each name and content of a document in a request, and a hash of member and value."""
    for index, document in objects(exchange.body_sent, "/documents"):
        for name in ("name", "data"):
            value = document.get(name)
            if isinstance(value, str) and value:
                yield f"/documents/{index}/{name}", hash((name, value.casefold() if name == "name" else value))
