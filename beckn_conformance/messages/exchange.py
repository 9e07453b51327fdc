"""One request to a gateway and what came back, frozen: all that checks ever see of the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from ..specification.pointer import MISSING

CONTROL: Final = "control"
"""Purpose of a plain call that no test has made; it shows whether the gateway still answers (T6)."""
CLIENT_HEADERS = (
    ("User-Agent", "beckn-conformance"),
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
)
"""Header fields that the client adds to every request which has none of their names."""


class TroubleKind(StrEnum):
    """What kept a reply from coming, or from being judged."""

    TIMEOUT = "timeout"
    """No whole reply came in time."""
    CONNECTION = "connection"
    """The request was sent, wholly or in part, and its answer was lost."""
    NO_CONNECTION = "no connection"
    """There was no connection, so nothing was sent."""
    LIMIT = "limit"
    """The kit cannot send, hold or read it."""
    PATIENCE = "patience"
    """The gateway was not asked again."""
    OUTAGE = "outage"
    """Every other request got the same reply at the time (T6)."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no reply to judge."""

    kind: TroubleKind
    detail: str
    """For people; nothing is decided by it."""

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"

    @classmethod
    def read(cls, text: str) -> Trouble | None:
        """The trouble that ``str`` wrote, None for an empty text; raises ValueError for any other."""
        kind, _, detail = text.partition(": ")
        return cls(TroubleKind(kind), detail) if text else None


@dataclass(frozen=True, slots=True)
class Message:
    """A request before it is bound to HTTP: header members and a JSON value as body."""

    header: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes as they go over a connection of their own, for what no HTTP client would send (T16)."""

    pieces: tuple[bytes, ...]
    pause: float = 0.0
    """Seconds between two pieces."""
    ending: str = ""
    """What follows the last piece: ``half-close``, ``reset``, or nothing but waiting for a reply."""
    wait: float = 1.0
    """Seconds after the last piece until no reply is expected any more."""


@dataclass(frozen=True, slots=True)
class Request:
    """What went over the wire."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    content: bytes
    """The body; of a raw request everything that was sent."""
    raw: Raw | None = None


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Reply:
    """What came back over the wire; the content is decompressed."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes

    @property
    def values(self) -> int:
        """Signs of structure in its content, about one to each JSON value."""
        return sum(map(self.content.count, (b",", b":", b"[", b"{")))

    @property
    def weight(self) -> int:
        """Bytes of memory that it takes, estimated: text up to four a character, as content and as value."""
        fields = sum(len(name) + len(value) for name, value in self.headers)
        return fields + 5 * len(self.content) + 80 * self.values

    def header(self, name: str) -> str | None:
        """All values of a header field, joined as HTTP joins them; None without the field."""
        values = [value for key, value in self.headers if key.casefold() == name.casefold()]
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class Received:
    """A reply as its binding reads it."""

    header: Mapping[str, Any]
    """Members of the reply's header under lower-case names; empty where none is found."""
    body: Any
    """The JSON value, or MISSING."""
    unreadable: str = ""
    """Why the content is no JSON; empty for JSON."""
    notes: tuple[str, ...] = ()


class Role(StrEnum):
    """What an exchange has to do with a hostile input."""

    INPUT = "input"
    """It is the input, or asks what became of it."""
    AFTER = "after"
    """It is a plain call after it."""
    LONG_AFTER = "long after"
    """It is a plain call after it, once patience has run out."""


@dataclass(frozen=True, slots=True)
class Stimulus:
    """A hostile input (T14, T16, Q10) as an exchange is marked with it."""

    kind: str
    """Its name in ``messages/hostile.py``."""
    family: str = ""
    """What it is sent together with, where it is one of several."""
    role: Role = Role.INPUT

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.kind, self.family)))


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its reply, or what kept the reply from coming."""

    id: str
    action: str
    """The operation whose path was called."""
    request: Request
    sent: Message | None
    """None for content that is no message at all (malformed JSON and the like)."""
    reply: Reply | None
    received: Received | None
    started: float
    """Seconds since the epoch."""
    seconds: float
    trouble: Trouble | None = None
    purpose: str = ""
    """``malformed``, ``unusual``, ``foreign``, ``broken`` or ``large`` where a test of its own sent it; such replies
    are judged more softly, or by nobody. ``control`` where no test did, but it was to be seen whether the gateway still
    answers (T6)."""
    stimulus: Stimulus | None = None
    """Which hostile input it is, or belongs to."""
    about: str = ""
    """Id of the registration that a request which is no message could change if it were carried out."""
    peer: str = ""
    """Base URL of the gateway that was asked, where it is another one of the region (X1)."""

    @property
    def ended(self) -> float:
        return self.started + self.seconds

    @property
    def late(self) -> bool:
        """No whole reply came in time."""
        return self.trouble is not None and self.trouble.kind is TroubleKind.TIMEOUT

    @property
    def action_of_reply(self) -> str | None:
        """``ACK`` or ``NACK``, exactly; None for anything else."""
        if self.received is None:
            return None
        value = self.received.header.get("action", MISSING)
        return value if value in ("ACK", "NACK") and isinstance(value, str) else None

    @property
    def acknowledged(self) -> bool:
        return self.action_of_reply == "ACK"

    @property
    def refused(self) -> bool:
        return self.action_of_reply == "NACK"

    @property
    def body_of_reply(self) -> Any:
        return MISSING if self.received is None else self.received.body


LONGEST_ID: Final = 4096
LONGEST_TOKEN: Final = 8192
"""Characters up to which what a gateway gives out is used, and kept in mind."""


def identifier(value: Any) -> str | None:
    """A registration id as text, also where it is a number (R2); None for what no later call can name."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == MISSING:
        return None
    text = str(value)
    return text if text.strip() and len(text) <= LONGEST_ID else None
