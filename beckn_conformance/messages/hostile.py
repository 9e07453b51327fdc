"""Hostile input by name: texts, requests and raw bytes that no ordinary client sends (T14, T16, Q10).

Each name completes the sentence "Provider/signup with …".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .exchange import Raw

Text = Callable[[bytes], bytes]
"""Turns the compact JSON of a valid body (a non-empty object) into another text."""

Talk = Callable[[bytes, bytes], Raw]
"""Turns the head of a valid request, empty line included, and its body into raw bytes."""

DEEP = 5000
"""Levels of nesting: too deep for recursive parsers, and still small."""

NAME, ID = re.compile(rb'"name":"'), re.compile(rb'"id":"')


def _as(text: bytes) -> Text:
    return lambda valid: text


def _beside(member: bytes) -> Text:
    """Adds an unknown member before the known ones."""
    return lambda valid: valid[:1] + member + b"," + valid[1:]


def _within_a_string(text: bytes) -> Text:
    """Inserts text at the start of the first name, or of the id if there is no name."""

    def make(valid: bytes) -> bytes:
        place = NAME.search(valid) or ID.search(valid)
        assert place is not None
        return valid[: place.end()] + text + valid[place.end() :]

    return make


MALFORMED: dict[str, Text] = {
    "text cut short": lambda valid: valid[: len(valid) // 2],
    "text without its last brace": lambda valid: valid[:-1],
    "text that is no JSON": _as(b"this is no JSON"),
    "no text at all": _as(b""),
    "an array": lambda valid: b"[" + valid + b"]",
    "a scalar": _as(b"42"),
    "a string": _as(b'"text"'),
}
"""Bodies that are not JSON objects and must not be acknowledged (T14)."""

UNUSUAL: dict[str, Text] = {
    "NaN": _beside(b'"x":NaN'),
    "a number beyond any range": _beside(b'"x":-1e99999'),
    "a number of 5000 digits": _beside(b'"x":' + b"7" * 5000),
    "a lone surrogate": _within_a_string(b"\\ud800"),
    "a NUL character": _within_a_string(b"\\u0000"),
    "a NUL byte": _within_a_string(b"\x00"),
    "line breaks in a value": _within_a_string(b"x\\r\\nInjected: yes\\r\\n\\r\\n"),
    "bytes that are no UTF-8": _within_a_string(b"\xff\xc0\xaf"),
    "UTF-16": lambda valid: valid.decode().encode("utf-16"),
    "a byte order mark": lambda valid: b"\xef\xbb\xbf" + valid,
    "every name given twice": lambda valid: valid[:-1] + b"," + valid[1:],
    "names given again without a value": lambda valid: valid[:-1] + b',"registration":{},"info":{},"documents":[]}',
    "a comment": lambda valid: b"/* comment */" + valid + b"// comment",
    "a trailing comma": lambda valid: valid[:-1] + b",}",
    "more text after the object": lambda valid: valid + b"{}]",
    "lists nested deeply": _beside(b'"x":' + b"[" * DEEP + b"]" * DEEP),
    "objects nested deeply": _beside(b'"x":' + b'{"x":' * DEEP + b"1" + b"}" * DEEP),
    "lists nested deeply and never closed": _as(b"[" * 4 * DEEP),
    "names that a language may give a meaning": _beside(
        b'"__proto__":{"info":1},"constructor":{"prototype":{"info":1}},"__class__":"x","@type":"x","$ref":"#"'
    ),
    "a name of 20 KB": _beside(b'"' + b"x" * 20 * 1024 + b'":1'),
    "20 KB of white space": lambda valid: b" \n" * 10 * 1024 + valid,
}
"""Bodies that a tolerant parser may accept; either reply is fine (T14)."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "odd numbers": ("NaN", "a number beyond any range", "a number of 5000 digits"),
    "odd characters": (
        *("a lone surrogate", "a NUL character", "a NUL byte", "line breaks in a value", "bytes that are no UTF-8"),
        *("UTF-16", "a byte order mark"),
    ),
    "odd names": (
        *("every name given twice", "names given again without a value"),
        *("names that a language may give a meaning", "a name of 20 KB"),
    ),
    "odd syntax": ("a comment", "a trailing comma", "more text after the object", "20 KB of white space"),
}
"""Bodies that are sent together, because few gateways stop at them, and those that do stop at the whole family.

Those in MALFORMED are sent one after another, and after what may be taken: many of them are refused, and silence after
that tells nothing.
"""


def family_of(kind: str) -> str:
    """Returns the group that a body is sent with, or the kind itself if it is sent alone."""
    return next((name for name, kinds in FAMILIES.items() if kind in kinds), kind)


LARGE: dict[str, int] = {"a document of 256 KB": 256 * 1024, "a document of 1 MB": 1024 * 1024}
"""Unusually large documents, with their size in bytes (Q10)."""

MANY_DOCUMENTS = "a thousand documents"

METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
"""HTTP methods that the specification does not use (T16)."""

PATHS: dict[str, Callable[[str], str]] = {
    "a slash at the end": lambda path: path + "/",
    "two slashes": lambda path: path.replace("/", "//"),
    "lower case": str.lower,
    "a query": lambda path: path + "?x=1&x=%00",
    "an encoded slash": lambda path: "/" + path[1:].replace("/", "%2F"),
    "a NUL at the end": lambda path: path + "%00",
    "line breaks": lambda path: path + "%0d%0aInjected:%20yes",
    "another ending": lambda path: path + ".json",
    "4 KB more": lambda path: path + "/" + "x" * 4096,
}
"""Paths that the specification does not define, made from ``/Provider/…`` (T16)."""

MEDIA_TYPES: dict[str, str | None] = {
    "none": None,
    "text/plain": "text/plain",
    "a form": "application/x-www-form-urlencoded",
    "a form of parts": "multipart/form-data; boundary=part",
    "XML": "application/xml",
    "another charset": "application/json; charset=utf-16",
    "a charset that does not exist": "application/json; charset=no-such",
    "words": "this is no media type",
}
"""Media types under which a valid body is sent (T16)."""

FOREIGN: dict[str, tuple[str, ...]] = {
    "another method": METHODS,
    "another path": tuple(PATHS),
    "another media type": tuple(MEDIA_TYPES),
}
"""Sound HTTP requests that are not calls of the specification, by group (T16)."""


def foreign(family: str, kind: str, action: str) -> dict[str, str | None]:
    """Returns the method, path or media type that replaces the one of a valid call."""
    match family:
        case "another method":
            return {"method": kind}
        case "another path":
            return {"path": PATHS[kind](f"/{action}")}
    return {"media_type": MEDIA_TYPES[kind]}


def _line(change: Callable[[bytes], bytes]) -> Talk:
    """Changes the request line."""

    def make(head: bytes, body: bytes) -> Raw:
        line, _, fields = head.partition(b"\r\n")
        return Raw((change(line) + b"\r\n" + fields + body,))

    return make


def _field(field: bytes) -> Talk:
    """Adds a header field."""
    return lambda head, body: Raw((head[:-2] + field + b"\r\n\r\n" + body,))


def _length(change: Callable[[int], bytes]) -> Talk:
    """Replaces the Content-Length field. The server may expect more bytes, so the wait for a reply is short."""

    def make(head: bytes, body: bytes) -> Raw:
        given = b"Content-Length: %d" % len(body)
        return Raw((head.replace(given, change(len(body))) + body,), ending="half-close", wait=0.3)

    return make


def _chunked(chunks: Callable[[bytes], bytes]) -> Talk:
    """Sends the body as chunks."""

    def make(head: bytes, body: bytes) -> Raw:
        given = b"Content-Length: %d" % len(body)
        fields = head.replace(given, b"Transfer-Encoding: chunked")
        return Raw((fields + chunks(body),), ending="half-close", wait=0.3)

    return make


def _to_the_host(head: bytes) -> bytes:
    """Cuts the head early; a later cut could leave half a token, which masking would miss."""
    return head.partition(b"\r\n")[0] + b"\r\nHo"


MALFORMED_HTTP: dict[str, dict[str, Talk]] = {
    "a malformed request line": {
        "words in place of HTTP": lambda head, body: Raw((b"HELLO\r\n\r\n",), ending="half-close"),
        "the start of a TLS handshake": lambda head, body: Raw(
            (b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",), ending="half-close", wait=0.3
        ),
        "no version": _line(lambda line: line.rpartition(b" ")[0]),
        "an unknown version": _line(lambda line: line.rpartition(b" ")[0] + b" HTTP/9.9"),
        "a space in the path": _line(lambda line: line.replace(b"/Provider", b"/Pro vider")),
        "a NUL in the path": _line(lambda line: line.replace(b"/Provider", b"/\x00Provider")),
        "bytes beyond ASCII in the path": _line(lambda line: line.replace(b"/Provider", b"/\xff\xfeProvider")),
        "dot segments": _line(lambda line: line.replace(b"/Provider/", b"/Provider/../Provider/./")),
        "a path of 20 KB": _line(lambda line: line.replace(b"/Provider", b"/" + b"x" * 20 * 1024 + b"/Provider")),
    },
    "malformed header fields": {
        "a NUL in a header field": _field(b"X-Odd: a\x00b"),
        "a line break in a header field": _field(b"X-Odd: a\rInjected: yes"),
        "a folded header field": _field(b"X-Odd: a\r\n Injected: yes"),
        "bytes beyond ASCII in a header field": _field(b"X-Odd: \xe9\xff"),
        "bytes beyond ASCII in the name of a header field": _field(b"X-\xe9\xff: odd"),
        "a header field without a colon": _field(b"X-Odd"),
        "a space before the colon": _field(b"X-Odd : odd"),
        "an empty name": _field(b": odd"),
        "a header field of 40 KB": _field(b"X-Odd: " + b"x" * 40 * 1024),
        "a thousand header fields": _field(b"\r\n".join(b"X-Odd-%d: odd" % n for n in range(1000))),
        "header members given twice": _field(b"Action: Provider/renew\r\nToken: another\r\nTimestamp: yesterday"),
        "two hosts": _field(b"Host: another.example.com"),
        "lines that end without a carriage return": lambda head, body: Raw((head.replace(b"\r", b"") + body,)),
    },
    "a wrong length": {
        "a length beyond the end": _length(lambda size: b"Content-Length: %d" % (size + 1000)),
        "a length short of the end": _length(lambda size: b"Content-Length: %d" % (size - 1)),
        "a negative length": _length(lambda size: b"Content-Length: -1"),
        "a length in words": _length(lambda size: b"Content-Length: some"),
        "a length beyond any range": _length(lambda size: b"Content-Length: " + b"9" * 40),
        "two lengths": _length(lambda size: b"Content-Length: %d\r\nContent-Length: 5" % size),
        "no length": _length(lambda size: b"X-Odd: odd"),
        "chunks without a size": _chunked(lambda body: b"some\r\n" + body + b"\r\n0\r\n\r\n"),
        "a chunk beyond any range": _chunked(lambda body: b"f" * 20 + b"\r\n" + body),
        "chunks that do not end": _chunked(lambda body: b"%x\r\n" % len(body) + body + b"\r\n"),
    },
    "a broken-off request": {
        "nothing sent": lambda head, body: Raw((b"",), ending="half-close", wait=0.3),
        "an end within the header": lambda head, body: Raw((_to_the_host(head),), ending="half-close", wait=0.3),
        "an end within the body": lambda head, body: Raw((head + body[:-1],), ending="half-close", wait=0.3),
        "an end in the middle of the body": lambda head, body: Raw(
            (head, body[: len(body) // 2]), pause=0.05, ending="half-close", wait=0.3
        ),
        "a reset within the body": lambda head, body: Raw((head, body[:-1]), pause=0.05, ending="reset"),
        "a reset after the body": lambda head, body: Raw((head + body,), ending="reset"),
    },
}
"""Bytes that only a raw connection can send, by family (T16). A server may answer or close the connection."""

INCOMPLETE = frozenset(
    {
        "an end within the header",
        "an end within the body",
        "an end in the middle of the body",
        "a reset within the body",
    }
)
"""Kinds whose request never arrives complete, so that no part of it may be carried out."""


SLOW = "pauses between its bytes"


def trickled(head: bytes, body: bytes) -> Raw:
    """Splits a valid request into six pieces, with pauses between them; a server may lose patience."""
    whole = head + body
    size = -(-len(whole) // 6)
    return Raw(tuple(whole[at : at + size] for at in range(0, len(whole), size)), pause=0.05)
