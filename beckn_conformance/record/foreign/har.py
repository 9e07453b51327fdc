"""Reads the calls in an HTTP Archive (HAR) of any program, as rows of a record."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from ...config.urls import PORTS
from ...errors import UsageError
from ...messages.json_text import MOST_VALUES, values_of
from ...specification.loading import misfit
from ..har import ADDED, CREATOR, EXCERPT
from ..rows import Row, written
from .contents import Attached, Content, checked, exact, field, recorded
from .moments import Moment, moment, number
from .parts import list_at, object_at, text_at

NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""Name of a header field."""
AFTER_SCHEME = re.compile(r"(?<=://)[^?#]+")
USER = re.compile(r"(?<=://)[^/?#]*@")
CONTROL = re.compile(r"[\0-\x1f\x7f]")
AFTER_PATH = re.compile(r"[?#].*", re.DOTALL)
REQUEST, REPLY = "a request", "a reply"
TORN = "the recording holds header fields that cannot be read"
MANY = f"the recording holds {REPLY} of more than {MOST_VALUES} JSON values"
JUDGED = ("action", "token", "timestamp", "message", "content-type")
"""Header fields of which it matters if they are missing."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded call."""

    row: Row
    moment: Moment
    ours: bool = False
    """This kit recorded it, so the row is complete."""
    headless: bool = False
    """The header fields of the reply are not on record."""
    notes: tuple[str, ...] = ()
    payload: bool = False
    """Only headers and bodies are on record: no URL, HTTP status, media type or duration."""


def is_har(found: object) -> bool:
    """Recognises a HAR by its list of entries."""
    return isinstance(object_at(found, "log").get("entries"), list)


def read(path: Path, found: object, attached: Attached) -> list[Recorded]:
    """Returns the calls of a HAR, in its order; raises UsageError for one that only looks like a HAR.

    Of a HAR that the kit wrote, everything comes back. Of others, ``id`` and ``operation`` are empty; a request or a
    reply whose content was not recorded counts as one that got no reply, with the reason in ``trouble``, since nothing
    can be said about it.
    """
    log = object_at(found, "log")
    ours = object_at(log, "creator").get("name") == CREATOR
    if ours and log.get(EXCERPT):
        # Judged alone, a reply may seem to contradict a change that was left out.
        raise UsageError(f"{path} has only some exchanges of its run; beckn-conformance report DIR --har writes all")
    return [*calls(path, list_at(log, "entries"), attached, ours)]


def calls(path: Path, entries: Iterable[Any], attached: Attached, ours: bool = False) -> Iterator[Recorded]:
    """Yields the calls of entries of a HAR; raises UsageError with the number of one that is no call."""
    for place, entry in enumerate(entries, 1):
        request = object_at(entry, "request")
        if not isinstance(request.get("method"), str) or not isinstance(request.get("url"), str):
            raise UsageError(f"{path}: its entry {place} has no request with a method and a URL")
        # A file that names the kit as its creator, without the kit's own members, is a recording like any other.
        call = _call(entry, attached, ours and isinstance(entry.get("_id"), str))
        # Whoever made the file, only rows that a run can have written are accepted.
        if call.ours and (amiss := misfit(call.row, "record.json#/$defs/exchange")):
            raise UsageError(f"{path}: its entry {place} is none of this kit's: {amiss}")
        yield call


def _call(entry: dict[str, Any], attached: Attached, ours: bool) -> Recorded:
    request, response = object_at(entry, "request"), object_at(entry, "response")
    sent, replied = _pairs(request, ours), _pairs(response, ours)
    posted, content = object_at(request, "postData"), object_at(response, "content")
    body = exact(posted) if ours else _requested(request, sent, attached)
    back = Content()
    reply: Row | None = None
    status = number(response.get("status"))
    trouble = ""
    if 100 <= status <= 999:
        back = exact(content) if ours else _replied(entry, replied, attached)
        if not ours:
            # A recorder that joins two views of a reply lists its fields twice.
            replied = _labelled([*map(list, dict.fromkeys(map(tuple, replied)))], content)
        reply = {"status": int(status), "headers": replied, **written(back.content), **_restored(response, ours)}
    else:
        error = response.get("_error")
        trouble = f"connection: {error if isinstance(error, str) and error else 'no reply is recorded'}"
    torn = not ours and (_is_torn(request) or _is_torn(response))
    many = not ours and values_of(back.content) > MOST_VALUES
    if unknown := body.unknown or back.unknown or (TORN if torn else MANY if many else ""):
        reply, trouble = None, f"limit: {unknown}"
    when = moment(entry)
    row = {
        "id": "",
        "operation": "",
        "started": when.start or 0.0,
        "seconds": when.seconds or 0.0,
        "purpose": "",
        "tags": [],
        "about": "",
        "trouble": trouble,
        **_restored(entry, ours),
        "request": {
            "method": request["method"],
            "url": request["url"] if ours else address(request["url"]),
            "headers": sent if ours else _labelled(sent, posted),
            **written(body.content),
            **_restored(request, ours),
        },
        "reply": reply,
    }
    notes = tuple(note for note in (body.note, back.note) if note)
    return Recorded(row, when, ours, headless=reply is not None and not _pairs(response, ours), notes=notes)


def address(url: str) -> str:
    """Returns a URL with scheme and host normalised, and without its user and password. Control characters after its
    path, which no client sends, are encoded: they do not matter to a call."""
    url = AFTER_PATH.sub(lambda found: CONTROL.sub(lambda control: quote(control[0]), found[0]), url, count=1)
    plain = USER.sub("", url, count=1)
    try:
        parts = urlsplit(plain)
        port = parts.port
    except ValueError:
        # A password with a slash in it ends beyond the host, contrary to the syntax of URLs.
        return AFTER_SCHEME.sub(lambda found: found[0].rpartition("@")[2], url)
    scheme, host = parts.scheme.lower(), parts.hostname
    if scheme not in PORTS or not host:
        return plain
    host = f"[{host}]" if ":" in host else host.removesuffix(".")
    where = f":{port}" if port not in (None, PORTS[scheme]) else ""
    return parts._replace(scheme=scheme, netloc=host + where).geturl()


def _restored(part: Mapping[str, Any], ours: bool) -> Row:
    """Returns the kit's own members; those of other programs mean nothing to it."""
    standard = ("_encoding", "_error")
    return {k[1:]: v for k, v in part.items() if k.startswith("_") and k not in standard} if ours else {}


def _requested(request: Mapping[str, Any], pairs: list[list[str]], attached: Attached) -> Content:
    found = recorded(object_at(request, "postData"), pairs, REQUEST, attached)
    if found is not None:
        return checked(found, pairs, REQUEST)
    length = field(pairs, "content-length")
    sent = length not in ("", "0") or number(request.get("bodySize")) > 0
    unsure = not length and request.get("bodySize") != 0 and request["method"].upper() not in ("GET", "HEAD", "OPTIONS")
    return Content(unknown="the recording does not hold the content of the request" if sent or unsure else "")


def _replied(entry: Mapping[str, Any], pairs: list[list[str]], attached: Attached) -> Content:
    response = object_at(entry, "response")
    if entry.get("_fromCache") or response["status"] == http.client.NOT_MODIFIED:
        return Content(unknown="the recording holds a reply from a cache")
    content = object_at(response, "content")
    found = recorded(content, pairs, REPLY, attached)
    length = field(pairs, "content-length")
    if found is not None and (found.content or found.unknown):
        return checked(found, pairs, REPLY, content.get("size") or 0)
    # A recorder that did not keep a content may write an empty text, and a size of 0.
    empty = length == "0" or response["status"] == http.client.NO_CONTENT
    return Content(unknown="" if empty else "the recording does not hold the content of the reply")


def _pairs(part: Mapping[str, Any], ours: bool = False) -> list[list[str]]:
    """Returns header fields. Browsers record HTTP/2 pseudo fields, which are dropped, and repeated fields as one with a
    value on each line."""
    pairs = [
        [header["name"], str(header["value"]) if ours else str(header["value"]).strip()]
        for header in _headers(part)
        if _is_pair(header) and not (ours and header.get("comment") == ADDED)
    ]
    if ours:
        return pairs
    return [[name, line] for name, value in pairs if NAME.fullmatch(name) for line in value.split("\n")]


def _headers(part: Mapping[str, Any]) -> list[Any]:
    """Returns header fields as they are listed; some recorders map each name to its value, or a list of them."""
    headers = part.get("headers")
    if not isinstance(headers, Mapping):
        return headers if isinstance(headers, list) else [] if headers is None else [headers]
    found = ((name, values if isinstance(values, list) else [values]) for name, values in headers.items())
    return [{"name": name, "value": value} for name, values in found for value in values]


def _is_pair(header: Any) -> bool:
    if not isinstance(header, Mapping) or not isinstance(header.get("name"), str):
        return False
    return isinstance(header.get("value"), str | int | float)


def _is_torn(part: Mapping[str, Any]) -> bool:
    """Reports if a header field is on record that cannot be read and may be one that is judged."""
    unread = (header for header in _headers(part) if not _is_pair(header))
    return any((text_at(header, "name").casefold() or "action") in JUDGED for header in unread)


def _labelled(pairs: list[list[str]], part: Mapping[str, Any]) -> list[list[str]]:
    """Adds the media type that a recorder keeps apart from the header fields."""
    kind = part.get("mimeType")
    if field(pairs, "content-type") or not isinstance(kind, str) or "json" not in kind.casefold():
        return pairs
    return [*pairs, ["Content-Type", kind]]
