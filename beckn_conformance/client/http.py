"""The interface of every transport: one request goes out, its whole reply comes back. And what can go wrong."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterable
from typing import Protocol
from urllib.parse import urlsplit

from ..messages.exchange import Reply, Request
from ..messages.json_text import MOST_VALUES
from ..untrusted.text import brief
from .content_coding import Decoding, Undecodable

LARGEST_REPLY = 8 * 1024 * 1024
"""Bytes of a reply's content, decompressed, after which the connection is cut."""
LARGEST_HEAD = 64 * 1024
"""Bytes of a reply's status line and header fields."""
LONG_HEAD = f"more than {LARGEST_HEAD // 1024} KiB of header fields came back"
MOST_CAUSES = 4
"""Exceptions in a chain of causes that are looked through for the one to report."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(r"[\x21-\x7e]+")
_SPLITTING = re.compile(r"[\r\n\0]")
"""Characters that would end a header field early."""


# Nothing was sent:             Unsendable, Unsent
# It may have been carried out: BrokenOff, and below it Closed
# It was answered:              ReplyTooLarge
class Unsendable(Exception):
    """HTTP has no form for the request."""


class Unsent(Exception):
    """There was no connection, so nothing of the request was sent."""


class BrokenOff(Exception):
    """No whole reply came over a connection; the request may have been carried out or not."""


class Closed(BrokenOff):
    """The connection ended before anything of a reply came."""


class ReplyTooLarge(Exception):
    """A reply exceeds a limit; says which."""


class Transport(Protocol):
    """Carries requests. It follows no redirects, keeps no cookies, and repeats nothing (T13)."""

    trailing: int
    """Number of replies with surplus bytes after their compressed content."""
    is_narrow: bool
    """True once a server was seen to serve few connections at a time."""

    async def carry(self, request: Request, *, repeatable: bool) -> Reply:
        """Returns the whole reply; raises an exception of this module, or TimeoutError."""

    async def close(self) -> None:
        """Closes every connection."""


class Content:
    """Collects the content of a reply and decompresses it, within limits."""

    def __init__(self, codings: Iterable[str]) -> None:
        """``codings`` are the values of the reply's Content-Encoding fields."""
        self._decode = Decoding(",".join(codings))
        self._bytes = bytearray()

    def add(self, chunk: bytes) -> None:
        """Raises ReplyTooLarge, or BrokenOff for content that cannot be decompressed."""
        try:
            self._bytes += self._decode(chunk, LARGEST_REPLY + 1 - len(self._bytes))
        except Undecodable as error:
            raise BrokenOff(f"the reply is not whole: {error}") from error
        if len(self._bytes) > LARGEST_REPLY:
            raise ReplyTooLarge(f"more than {LARGEST_REPLY // 1024 // 1024} MiB came back")

    def whole(self) -> tuple[bytes, bool]:
        """The content, and whether surplus bytes followed it; raises BrokenOff if its compressed form is cut short."""
        try:
            self._decode.end()
        except Undecodable as error:
            raise BrokenOff(f"the reply is not whole: {error}") from error
        return bytes(self._bytes), self._decode.trailing


def reply_of(status: int, headers: Iterable[tuple[bytes, bytes]], content: bytes) -> Reply:
    """The reply, as judging sees it; raises ReplyTooLarge for too many header fields or JSON values."""
    fields = tuple((name.decode("latin-1"), value.decode("utf-8", "replace")) for name, value in headers)
    if sum(len(name) + len(value) for name, value in fields) > LARGEST_HEAD:
        raise ReplyTooLarge(LONG_HEAD)
    reply = Reply(status, fields, content)
    if reply.values > MOST_VALUES:
        raise ReplyTooLarge(f"more than {MOST_VALUES} JSON values came back")
    return reply


def fields_of(request: Request, *defaults: tuple[str, str]) -> list[tuple[str, str]]:
    """The header fields of a request as they are sent, with ``defaults`` for names that it lacks; raises Unsendable."""
    given = {name.casefold() for name, _ in request.headers}
    host = ("Host", urlsplit(request.url).netloc)
    fields = [field for field in (host, *defaults) if field[0].casefold() not in given]
    fields += request.headers
    if request.method != "CONNECT":
        fields.append(("Content-Length", str(len(request.content))))
    names, values = zip(*fields, strict=True)
    if not all(names) or _TOKEN.fullmatch("".join(names)) is None or _SPLITTING.search("".join(values)):
        raise Unsendable("a header field has a character that would end it")
    return fields


def head(request: Request, *defaults: tuple[str, str], target: str = "") -> bytes:
    """The request line and the header fields, with the empty line that ends them; raises Unsendable.

    ``defaults`` are those of fields_of. ``target`` stands in the request line, the path of the URL if it is empty.
    """
    parts = urlsplit(request.url)
    target = target or f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    if _TOKEN.fullmatch(request.method) is None or _TARGET.fullmatch(target) is None:
        raise Unsendable(f"no request line can hold {brief(request.method, 40)!r} and {brief(target, 80)!r}")
    fields = fields_of(request, *defaults)
    lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields), "", ""]
    try:
        return "\r\n".join(lines).encode()
    except UnicodeEncodeError as error:
        raise Unsendable(one_line(error)) from error


def one_line(error: object) -> str:
    """The message of an exception on one line; if it was caused by a TLS alert, the message of that."""
    for _ in range(MOST_CAUSES):
        if isinstance(error, BaseException) and isinstance(error.__cause__, OSError):
            error = error.__cause__
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.errno and error.errno > 0:
        return os.strerror(error.errno)
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return "no TLS is spoken there; the URL may have to begin with http://"
    return brief(" ".join(str(error)[:LARGEST_HEAD].split())) or type(error).__name__
