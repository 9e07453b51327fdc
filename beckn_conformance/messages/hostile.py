"""What no client of the page sends, and the open internet does: texts, requests and raw bytes, by name (T14, T16, Q10).

A name completes the sentence "Provider/signup with …".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .exchange import Raw

Text = Callable[[bytes], bytes]
"""Makes another text of the compact JSON of a valid body, which is an object with members."""

Talk = Callable[[bytes, bytes], Raw]
"""Makes raw bytes of the head of a valid request, which ends in an empty line, and its body."""

DEEP = 5000
"""Levels of nesting: more than parsers that call themselves can take, and little to send."""

NAME, ID = re.compile(rb'"name":"'), re.compile(rb'"id":"')


def _as(text: bytes) -> Text:
    return lambda valid: text


def _beside(member: bytes) -> Text:
    """With a member that the page does not know before those it does."""
    return lambda valid: valid[:1] + member + b"," + valid[1:]


def _within_a_string(text: bytes) -> Text:
    """With something at the start of the first name, or of the id where there is no name."""

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
"""Bodies that are no JSON object, and must not be acknowledged (T14)."""

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
"""Bodies that a tolerant reader may understand; nothing is said of the answer (T14)."""

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
"""Unusual bodies that are sent at the same time; what stops a gateway is rarely among them."""


def family_of(kind: str) -> str:
    """What an unusual body is sent together with; the kind itself where it is sent alone."""
    return next((name for name, kinds in FAMILIES.items() if kind in kinds), kind)


LARGE: dict[str, int] = {"a document of 256 KB": 256 * 1024, "a document of 1 MB": 1024 * 1024}
"""Bytes of a document that is larger than usual (Q10)."""

MANY_DOCUMENTS = "a thousand documents"

METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
"""HTTP methods other than that of the page's calls (T16)."""

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
"""Paths beside those of the page (T16), made of ``/Provider/…``."""

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
"""Requests that are sound HTTP and no calls of the page (T16), by families."""


def foreign(family: str, kind: str, action: str) -> dict[str, str | None]:
    """What of a valid call is otherwise in a request of a family and kind of these: method, path, or media type."""
    match family:
        case "another method":
            return {"method": kind}
        case "another path":
            return {"path": PATHS[kind](f"/{action}")}
    return {"media_type": MEDIA_TYPES[kind]}


def _line(change: Callable[[bytes], bytes]) -> Talk:
    """With another request line."""

    def make(head: bytes, body: bytes) -> Raw:
        line, _, fields = head.partition(b"\r\n")
        return Raw((change(line) + b"\r\n" + fields + body,))

    return make


def _field(field: bytes) -> Talk:
    """With one more header field."""
    return lambda head, body: Raw((head[:-2] + field + b"\r\n\r\n" + body,))


def _length(change: Callable[[int], bytes]) -> Talk:
    """With something else than the length of the body; the server may wait for more, so nobody waits for it."""

    def make(head: bytes, body: bytes) -> Raw:
        given = b"Content-Length: %d" % len(body)
        return Raw((head.replace(given, change(len(body))) + body,), ending="half-close", wait=0.3)

    return make


def _chunked(chunks: Callable[[bytes], bytes]) -> Talk:
    """With a body that is said to be in chunks."""

    def make(head: bytes, body: bytes) -> Raw:
        given = b"Content-Length: %d" % len(body)
        fields = head.replace(given, b"Transfer-Encoding: chunked")
        return Raw((fields + chunks(body),), ending="half-close", wait=0.3)

    return make


def _to_the_host(head: bytes) -> bytes:
    """The beginning of the head; a cut further on could leave half a token, which would not be told for a secret."""
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
"""What only a raw connection can send (T16), by families. A server may answer it, or close the connection."""

INCOMPLETE = frozenset(
    {
        "an end within the header",
        "an end within the body",
        "an end in the middle of the body",
        "a reset within the body",
    }
)
"""Of these no part may be carried out: what the request asks for has not come whole."""


SLOW = "pauses between its bytes"


def trickled(head: bytes, body: bytes) -> Raw:
    """A whole and valid request in twenty pieces over a second; a server may be too impatient for it."""
    whole = head + body
    size = -(-len(whole) // 20)
    return Raw(tuple(whole[at : at + size] for at in range(0, len(whole), size)), pause=0.05)
