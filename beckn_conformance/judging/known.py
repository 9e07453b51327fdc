"""What is known of a gateway's registrations before a request is sent."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..messages.exchange import Exchange, Message
from ..specification.pointer import member


@dataclass(slots=True)
class Known:
    """A registration whose signup was seen."""

    id: str
    token: str
    expires: datetime.datetime | None = None
    """Only if the time lay ahead when it was given (H4)."""


@dataclass(slots=True)
class KnownRegistrations:
    """The registrations of a gateway, their tokens, and the values that are taken.

    Hashes stand for texts, so that a long run takes little memory.
    """

    registrations: dict[str, Known] = field(default_factory=dict)
    owners: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the registrations to which a token was given."""
    company_ids: dict[int, str] = field(default_factory=dict)
    """Owner of each company id that was sent, without regard to case (Q5): a registration id or an exchange id."""
    identities: set[int] = field(default_factory=set)
    """Names, phones and addresses that signups sent: a second signup with one of them may be refused."""
    closed: bool = True
    """Every registration that can be asked for was seen. Not so in recorded traffic."""
    unheld: frozenset[str] = frozenset()
    """Members of the header that the recording under judgement does not hold."""
    serves_fresh: bool = True
    """False if no call about a fresh registration was ever served and nothing is declared for it."""

    def about(self, sent: Message) -> Known | None:
        """The known registration that a request names."""
        id_ = member(sent.body, "/registration/id")
        return self.registrations.get(id_) if isinstance(id_, str) else None

    def taken(self, exchange: Exchange, registration: str | None) -> Iterator[str]:
        """Pointers of the values by which a gateway may know another provider already."""
        info = _texts(exchange.sent)
        if company_id := info.get("company_id"):
            owner = self.company_ids.get(hash(company_id.casefold()))
            if owner not in (None, registration, exchange.id):
                yield "/info/company_id"
        if registration is None:
            yield from (f"/info/{name}" for name, key in _identities(info) if key in self.identities)

    def learn(self, exchange: Exchange, registration: str | None) -> None:
        """Remembers what a request identified a provider with; to be called after the request is diagnosed."""
        info = _texts(exchange.sent)
        if company_id := info.get("company_id"):
            self.company_ids.setdefault(hash(company_id.casefold()), registration or exchange.id)
        if registration is None:
            self.identities |= {key for _, key in _identities(info)}

    def give(self, registration: str, signup: Exchange) -> None:
        """Makes the company id of an acknowledged signup that of the registration, which may repeat it."""
        key = hash(_texts(signup.sent).get("company_id", "").casefold())
        if self.company_ids.get(key) == signup.id:
            self.company_ids[key] = registration

    def add(self, registration: Known) -> None:
        self.registrations.setdefault(registration.id, registration)
        owners = self.owners.setdefault(registration.token, [])
        if registration.id not in owners:
            owners.append(registration.id)

    def forget(self, registration: str) -> None:
        """Drops a registration that is not called again; the owner of its token is still known."""
        self.registrations.pop(registration, None)


def _texts(sent: Message | None) -> dict[str, str]:
    """The texts in ``info``, by name."""
    info = member(sent.body, "/info") if sent is not None else None
    return {k: v for k, v in info.items() if isinstance(v, str)} if isinstance(info, dict) else {}


def _identities(info: dict[str, str]) -> Iterator[tuple[str, int]]:
    """The members by which a gateway may know a provider again, each with a key for its value."""
    for name in ("name", "phone", "email"):
        if name in info:
            yield name, hash((name, info[name].casefold()))
