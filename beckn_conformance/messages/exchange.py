"""One request to a gateway and its reply, frozen: the only input that checks see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from ..specification.pointer import MISSING, member
from .json_text import values_of

CONTROL: Final = "control"
"""Purpose of a plain call outside any test that shows whether the gateway still answers (T6)."""
CLIENT_HEADERS = (
    ("User-Agent", "beckn-conformance"),
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
)
"""Header fields that the client adds unless the request has them."""
PLAIN = ("Accept-Encoding", "identity")
"""Header field that asks for a reply that is not compressed."""


class TroubleKind(StrEnum):
    """Reasons for a missing reply, or for one that is not judged."""

    TIMEOUT = "timeout"
    """No complete reply arrived in time."""
    CONNECTION = "connection"
    """The connection was lost after at least part of the request had been sent."""
    NO_CONNECTION = "no connection"
    """No connection was made, so nothing was sent."""
    LIMIT = "limit"
    """The message exceeds what the kit can send, hold or read."""
    PATIENCE = "patience"
    """The kit gave up and sent nothing more."""
    OUTAGE = "outage"
    """All requests got the same reply at the time (T6)."""
    PASSING = "failure"
    """A server error, no JSON, or no reply in time, which is judged if it comes each time a test is played (T13)."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no reply to judge."""

    kind: TroubleKind
    detail: str
    """Text for people; no decision uses it."""

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"

    @classmethod
    def read(cls, text: str) -> Trouble | None:
        """Inverse of ``str``; None for an empty text. Raises ValueError for any other text."""
        kind, _, detail = text.partition(": ")
        return cls(TroubleKind(kind), detail) if text else None


@dataclass(frozen=True, slots=True)
class Message:
    """A request before it is bound to HTTP: header members and a JSON value as body."""

    header: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes for a connection of their own: what no HTTP client would send (T16)."""

    pieces: tuple[bytes, ...]
    pause: float = 0.0
    """Seconds between two pieces."""
    ending: str = ""
    """What happens after the last piece: ``half-close``, ``reset``, or empty to wait for a reply."""
    wait: float = 1.0
    """Seconds to wait for a reply after the last piece."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as sent."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    content: bytes
    """The body; for a raw request, everything sent."""
    raw: Raw | None = None


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Reply:
    """An HTTP reply as received; ``content`` is decompressed."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes
    values: int = field(init=False, repr=False, compare=False)
    """Signs of structure in its content, about one to each JSON value."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", values_of(self.content))

    @property
    def weight(self) -> int:
        """Bytes of memory that it takes, estimated: text up to four a character, as content and as value."""
        fields = sum(len(name) + len(value) for name, value in self.headers)
        return fields + 5 * len(self.content) + 80 * self.values

    def header(self, name: str) -> str | None:
        """Returns all values of a header field, joined by commas, or None without the field."""
        wanted = name.casefold()
        values = [value for key, value in self.headers if key.casefold() == wanted]
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class Received:
    """A reply as its binding reads it."""

    header: Mapping[str, Any]
    """Members of the reply's header under lower-case names."""
    body: Any
    """The JSON value, or MISSING."""
    unreadable: str = ""
    """Why the content is not JSON; empty if it is."""
    notes: tuple[str, ...] = ()
    action: str | None = field(init=False, repr=False, compare=False)
    """Exactly ``ACK`` or ``NACK``; None for anything else."""

    def __post_init__(self) -> None:
        said = self.header.get("action")
        object.__setattr__(self, "action", said if isinstance(said, str) and said in ("ACK", "NACK") else None)


class Role(StrEnum):
    """The relation of an exchange to a hostile input."""

    INPUT = "input"
    """It is the input, or asks for its effect."""
    AFTER = "after"
    """It is a plain call right after the input."""
    LONG_AFTER = "long after"
    """It is the last plain call before the kit gives up."""


@dataclass(frozen=True, slots=True)
class Stimulus:
    """Marks an exchange as part of a test with hostile input (T14, T16, Q10)."""

    kind: str
    """Name of the input in ``messages/hostile.py``."""
    family: str = ""
    """Name of the group it is sent with, if any."""
    role: Role = Role.INPUT

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.kind, self.family)))


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its reply, or why there is no reply."""

    id: str
    action: str
    """Operation whose path was called."""
    request: Request
    sent: Message | None
    """None if the content is not a message, such as malformed JSON."""
    reply: Reply | None
    received: Received | None
    started: float
    """Seconds since the epoch."""
    seconds: float
    trouble: Trouble | None = None
    purpose: str = ""
    """``malformed``, ``unusual``, ``foreign``, ``broken`` or ``large`` for hostile input, which fewer checks apply to;
    ``control`` for a call outside any test (T6); empty for everything else."""
    stimulus: Stimulus | None = None
    """The hostile input that the exchange belongs to."""
    about: str = ""
    """Id of the registration that a request without a message would change if it were carried out."""
    peer: str = ""
    """Base URL of the gateway, if it is another one of the region (X1)."""

    @property
    def ended(self) -> float:
        return self.started + self.seconds

    @property
    def late(self) -> bool:
        """True if no complete reply arrived in time."""
        return self.trouble is not None and self.trouble.kind is TroubleKind.TIMEOUT

    @property
    def action_of_reply(self) -> str | None:
        """Exactly ``ACK`` or ``NACK``; None for anything else."""
        return None if self.received is None else self.received.action

    @property
    def acknowledged(self) -> bool:
        return self.received is not None and self.received.action == "ACK"

    @property
    def refused(self) -> bool:
        return self.received is not None and self.received.action == "NACK"

    @property
    def body_sent(self) -> Any:
        return MISSING if self.sent is None else self.sent.body

    @property
    def token_sent(self) -> Any:
        return None if self.sent is None else self.sent.header.get("Token")

    @property
    def body_of_reply(self) -> Any:
        return MISSING if self.received is None else self.received.body

    @property
    def id_sent(self) -> str | None:
        """Id of the registration in the request, as text; None without a usable one."""
        return identifier(member(self.body_sent, "/registration/id"))

    @property
    def id_received(self) -> str | None:
        """Id of the registration in the reply, as text; None without a usable one."""
        return identifier(member(self.body_of_reply, "/registration/id"))

    @property
    def status_received(self) -> str | None:
        """Status of the registration in the reply; None without a text there."""
        status = member(self.body_of_reply, "/registration/status")
        return status if isinstance(status, str) and status != MISSING else None

    @property
    def token_received(self) -> str | None:
        """The token in the reply; None without a usable one."""
        token = member(self.body_of_reply, "/auth/token")
        usable = isinstance(token, str) and token != MISSING and token.strip() and len(token) <= LONGEST_TOKEN
        return token if usable else None

    def overlaps(self, other: Exchange) -> bool:
        """True if both calls were under way at the same moment; an exchange does not overlap itself."""
        return self is not other and self.started < other.ended and other.started < self.ended


def overlapping(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """Ids of the exchanges that overlap another one."""
    found: set[str] = set()
    latest: Exchange | None = None
    for exchange in sorted(exchanges, key=lambda e: e.started):
        if latest is not None and exchange.started < latest.ended:
            found |= {exchange.id, latest.id}
        if latest is None or exchange.ended > latest.ended:
            latest = exchange
    return frozenset(found)


LONGEST_ID: Final = 4096
LONGEST_TOKEN: Final = 8192
"""Longest id and token, in characters, that the kit uses and remembers."""


def identifier(value: Any) -> str | None:
    """Returns a registration id as text, even if it is a number (R2); None for a value that no later call can use."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == MISSING:
        return None
    text = str(value)
    return text if text.strip() and len(text) <= LONGEST_ID else None
