"""Tells the gateway's own replies from those of something in front of it, such as a proxy or a firewall (T6).

The gateway's own replies say ACK or NACK. A bare reply, which says neither, is compared with what those look like.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from typing import Final

from ..messages.exchange import Exchange, Reply, TroubleKind
from ..untrusted.text import brief

INTERMEDIARY: Final = frozenset({407, 444, 499, 502, 503, 504, 511, *range(520, 531), 561, 598, 599})
"""Statuses that only something in front of a gateway uses."""

MOST_SERVERS = 4
"""From this many different values of a field on, a new value says nothing about who answers."""
ENOUGH = 5
"""After this many own replies, a field that all of them had is expected in the next one."""
VOLATILE: Final = frozenset(
    {
        *("action", "message", "content-type", "content-length", "content-encoding", "transfer-encoding", "connection"),
        *("keep-alive", "retry-after", "location", "set-cookie", "etag", "last-modified", "www-authenticate", "allow"),
    }
)
"""Fields that depend on what is said."""
JSON: Final = "json"
LONGEST_PAGE = 4096
"""The title of a page is looked for in this many bytes."""
TITLE = re.compile(rb"<(title|h1)[^<>]{0,80}>\s{0,80}([^<]{1,200})", re.IGNORECASE)

AWAY = frozenset({TroubleKind.CONNECTION, TroubleKind.NO_CONNECTION, TroubleKind.OUTAGE, TroubleKind.PASSING})
"""Troubles after which the gateway may have answered or not."""


class Origin(enum.Enum):
    """The author of a reply."""

    NONE = "no reply that could be read"
    OWN = "the gateway says ACK or NACK"
    LIKE = "a bare reply that may be the gateway's own"
    UNLIKE = "a bare reply of another media type than the gateway's, as its framework or something in front may give"
    FRONT = "something in front of the gateway"


class Appearance:
    """The look of a gateway's replies, learned from those seen so far."""

    def __init__(self) -> None:
        self._families: set[str] = set()
        self._servers: set[str] = set()
        self._vias: set[str] = set()
        self._dates: bool = True
        self._always: set[str] | None = None
        self._seen = 0
        self._pages: set[tuple[str, ...]] = set()
        """How pages of something in front begin."""

    def learn(self, exchange: Exchange) -> None:
        """Learns from a reply how the gateway's own look, or pages of something in front of it."""
        reply = exchange.reply
        if reply is None or exchange.trouble:
            return
        if exchange.action_of_reply is None:
            if self.origin(exchange) is Origin.FRONT:
                self._pages |= {*_written(reply)}
            return
        names = {name.casefold() for name, _ in reply.headers}
        self._seen += 1
        self._families.add(family(reply))
        self._servers.add(reply.header("server") or "")
        self._vias.add(reply.header("via") or "")
        self._dates = self._dates and "date" in names
        self._always = names - VOLATILE if self._always is None else self._always & names

    def origin(self, exchange: Exchange) -> Origin:
        """Says who wrote the reply of an exchange, as far as is known by now."""
        reply, received = exchange.reply, exchange.received
        if reply is None or received is None or exchange.trouble:
            return Origin.NONE
        if exchange.action_of_reply is not None:
            return Origin.OWN
        if reply.status in INTERMEDIARY or (reply.status == 403 and received.unreadable) or self._differs(reply):
            return Origin.FRONT
        if self._pages.intersection(_written(reply)):
            return Origin.FRONT
        if received.unreadable and family(reply) not in (self._families or {JSON}):
            return Origin.UNLIKE
        return Origin.LIKE

    def by_gateway(self, exchange: Exchange) -> bool:
        """Tells whether the gateway answered, if only by a page of its framework for a crash."""
        return is_own(self.origin(exchange), exchange.reply)

    def lost(self, exchange: Exchange) -> bool:
        """Tells whether the gateway may have answered without the answer coming through (T6, T13)."""
        if exchange.reply is None or exchange.trouble:
            return exchange.trouble is not None and exchange.trouble.kind in AWAY
        return not (300 <= exchange.reply.status < 400 or exchange.reply.status == 429 or self.by_gateway(exchange))

    def _differs(self, reply: Reply) -> bool:
        """Tells whether another server wrote it than the gateway's own replies."""
        if not self._seen:
            return False
        names = {name.casefold() for name, _ in reply.headers}
        for known, value in ((self._servers, reply.header("server")), (self._vias, reply.header("via"))):
            if len(known) < MOST_SERVERS and (value or "") not in known:
                return True
        if self._dates and "date" not in names:
            return True
        # A server error may skip the code that adds the other fields.
        return reply.status < 500 and self._seen >= ENOUGH and not (self._always or set()) <= names


def family(reply: Reply) -> str:
    """The media type of a reply; all JSON types are one."""
    media = (reply.header("content-type") or "").partition(";")[0].strip().casefold()
    return JSON if media == "application/json" or media.endswith("+json") else media


def _written(reply: Reply) -> Iterator[tuple[str, ...]]:
    """The beginning of a page up to its title, in which all pages of one server are alike."""
    if (found := TITLE.search(reply.content[:LONGEST_PAGE])) and found.start():
        fields = (reply.header("server") or "", reply.header("content-type") or "")
        yield (*fields, reply.content[: found.start()].decode("latin-1").casefold())


def is_own(origin: Origin, reply: Reply | None) -> bool:
    """Tells whether a reply of this origin is the gateway's."""
    crashed = reply is not None and reply.status >= 500
    return origin in (Origin.OWN, Origin.LIKE) or (origin is Origin.UNLIKE and crashed)


def is_bare(exchange: Exchange) -> bool:
    """Tells whether a reply arrived that says neither ACK nor NACK."""
    return exchange.reply is not None and not exchange.trouble and exchange.action_of_reply is None


def is_intermediary(exchange: Exchange) -> bool:
    """Tells whether a reply has a status that only something in front of a gateway uses."""
    return exchange.reply is not None and exchange.reply.status in INTERMEDIARY


def signature(reply: Reply) -> str:
    """The Server field and the title of a page, for people."""
    parts = [f"Server: {brief(server, 60)}"] if (server := reply.header("server")) else []
    if found := TITLE.search(reply.content[:LONGEST_PAGE]):
        title = " ".join(unescape(found[2].decode("utf-8", "replace")).split())
        parts.append(f"title {brief(title, 80)!r}")
    return ", ".join(parts)


class Fronted:
    """Counts the replies of something in front of a gateway, for the report."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self.in_a_row = 0
        """Those since the gateway answered last."""

    def note(self, reply: Reply) -> None:
        self.in_a_row += 1
        media = (reply.header("content-type") or "").partition(";")[0].strip()
        self._counts[f"{reply.status} {brief(media, 60) or 'without a media type'}"] += 1

    def __str__(self) -> str:
        return ", ".join(f"{count} × {what}" for what, count in self._counts.most_common(6))
