"""Reads the content of a recorded request or reply as far as the recorder kept it: decodes, unpacks and measures it."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from ...client.content_coding import MAGIC, Decoding, Undecodable
from ...messages.json_text import read_json
from ...untrusted.text import brief
from ..rows import LONGEST
from .marks import has_marks
from .moments import number

Pairs = Sequence[Sequence[str]]
Attached = Callable[[object], bytes | None]

ENCODINGS: Final = ("latin-1", "cp1252")
"""Encodings that recorders mistake UTF-8 for."""
TEXTS: Final = ("", "text", "utf-8", "utf8", "none", "identity", "plain", "7bit", "8bit")
"""Encodings that mean the text itself."""
LOST: Final = "\ufffd"
"""Replaces bytes that a recorder could not decode."""
BROKEN: Final = "the recording holds a content that is not the base64 that it is said to be"
SENT: Final = re.compile(rb"""(?:\xef\xbb\xbf)?\s*(?:[{[]\s*["{}\]]|<[!?a-z]+[ >])""", re.IGNORECASE)
"""The beginning of JSON or of a page, as opposed to how a program shows a value: ``[object Object]``, ``b'...'``."""
LOGGED: Final = re.compile(rb"\\x[0-9a-f]{2}", re.IGNORECASE)
"""A byte as web servers write it to a log; JSON has no such thing."""
BYTE_ORDER_MARK: Final = 3
"""Bytes that a browser counts and removes."""


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes that were sent."""

    content: bytes = b""
    unknown: str = ""
    """Why they are not known, as a sentence that begins with "the recording"; the exchange is not judged then."""
    note: str = ""
    """A mistake of the recorder that did not keep the kit from reading them."""


def field(pairs: Pairs, name: str) -> str:
    """Returns the value of the first header field of a name, or an empty text."""
    return next((value for key, value in pairs if key.casefold() == name), "")


def exact(part: Mapping[str, Any]) -> Content:
    """Returns a content that this kit wrote to a HAR."""
    text = part.get("text", None if part else "")
    if not isinstance(text, str):
        return Content(unknown="the recording leaves out a long content")
    if "base64" not in (part.get("encoding"), part.get("_encoding")):
        return Content(text.encode("utf-8", "surrogatepass"))
    try:
        return Content(base64.b64decode(text, validate=True))
    except ValueError:
        return Content(unknown=BROKEN)


def recorded(part: Mapping[str, Any], pairs: Pairs, what: str, attached: Attached) -> Content | None:
    """Returns the content in ``postData`` of a request or ``content`` of a reply; None if there is none.

    ``what`` names it in messages; ``attached`` reads a file that belongs to the recording.
    """
    text, params = part.get("text"), part.get("params")
    if isinstance(text, dict | list):
        text = json.dumps(text, ensure_ascii=False)
    if isinstance(name := part.get("_file"), str) and not text:
        content = attached(name)
        if content is None:
            why = "that is not there, or is not named after its SHA-1"
            return Content(unknown=f"the recording keeps the content of {what} in a file {why}")
        return _unpacked(content, pairs, what)
    if not isinstance(text, str) or not text:
        if isinstance(params, list) and params:
            given = [(str(p.get("name", "")), str(p.get("value", ""))) for p in params if isinstance(p, Mapping)]
            return Content(urlencode(given).encode())
        return None
    form = str(part.get("encoding") or part.get("_encoding") or "").strip().casefold()
    if form == "base64":
        try:
            return _unpacked(base64.b64decode("".join(text.split()), validate=True), pairs, what)
        except ValueError:
            return Content(unknown=BROKEN)
    if form not in TEXTS and read_json(text.encode("utf-8", "surrogatepass"))[1]:
        return Content(unknown=f"the recording holds {what} in the form {brief(form, 40)!r}, which is not known")
    return _measured(text, pairs, what)


def _unpacked(content: bytes, pairs: Pairs, what: str) -> Content:
    """Unpacks bytes that may still have their Content-Encoding."""
    coding = field(pairs, "content-encoding")
    if content.startswith(MAGIC) and "gzip" not in coding.casefold():
        coding = "gzip"
    if not coding or not read_json(content)[1]:
        return Content(content)
    decoding = Decoding(coding)
    try:
        plain = decoding(content, LONGEST + 1)
        decoding.end()
    except Undecodable:
        return Content(unknown=f"the recording holds {what} in a compressed form that cannot be unpacked")
    if len(plain) > LONGEST:
        return Content(unknown=f"the recording holds {what} of more than {LONGEST >> 20} MB, unpacked")
    if read_json(plain)[1] and plain == content:
        return Content(unknown=f"the recording holds {what} in the form {coding[:40]!r}, which is not known")
    return Content(plain)


def _measured(text: str, pairs: Pairs, what: str) -> Content:
    """Compares a text with Content-Length: a recorder may have decoded it with another encoding."""
    content = text.encode("utf-8", "surrogatepass")
    length = field(pairs, "content-length").strip()
    packed = field(pairs, "content-encoding").strip().casefold() not in ("", "identity")
    if packed or not (length.isascii() and length.isdigit()) or len(length) > 18:
        if text.startswith(MAGIC.decode("latin-1")) or _is_garbled(text):
            return Content(unknown=f"the recording holds {what} with characters that got lost")
        return _unlabelled(text, what) or Content(content)
    if len(content) == int(length):
        return Content(content)
    for encoding in ENCODINGS:
        try:
            again = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        if len(again) == int(length) and not read_json(again)[1]:
            return Content(again, note=f"the text of {what} was recorded in another encoding, as Content-Length shows")
    if _is_garbled(text) or (len(content) < int(length) and "?" in text):
        return Content(unknown=f"the recording holds {what} with characters that got lost, as Content-Length shows")
    if read_json(content)[1]:
        return Content(unknown=f"the recording holds {len(content)} bytes of {what} of {int(length)}")
    return Content(content, note=f"Content-Length of {what} is not that of the text, which is whole JSON")


def _unlabelled(text: str, what: str) -> Content | None:
    """Returns the JSON in a text in base64 that the recorder does not call so."""
    try:
        plain = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return None if read_json(plain)[1] else Content(plain, note=f"the text of {what} was recorded in base64")


def _is_garbled(text: str) -> bool:
    """Reports if characters got lost in a text, or it may be UTF-8 that was read in another encoding."""
    for encoding in ENCODINGS:
        with contextlib.suppress(UnicodeError):
            if text.encode(encoding).decode() != text:
                return True
    return LOST in text


def checked(found: Content, pairs: Pairs, what: str, size: object = None) -> Content:
    """Checks that a recorder neither cut a content off nor replaced values in it, unless Content-Length confirms it.

    ``size`` is the one that it gives for a reply, 0 for none. It may be that on the wire, or meaningless.
    """
    content = found.content
    if found.unknown or field(pairs, "content-length") == str(len(content)):
        return found
    if size is not None:
        shown = LOGGED.search(content) or not SENT.match(content)
        if shown and len(content) != number(size) and read_json(content)[1]:
            return Content(unknown=f"the recording holds {what} in a form in which nobody sends it")
        if len(content) + BYTE_ORDER_MARK < number(size):
            if read_json(content)[1]:
                return Content(unknown=f"the recording holds {len(content)} bytes of {what} of {number(size):.0f}")
            found = Content(content, note=f"the size of {what} is not that of the text, which is whole JSON")
    opened, closed = (sum(map(content.count, signs)) for signs in ((b"{", b"["), (b"}", b"]")))
    if opened > closed and read_json(content)[1]:
        return Content(unknown=f"the recording holds only the beginning of {what}")
    if has_marks(content):
        return Content(unknown=f"the recording holds {what} with marks in the place of values")
    return found
