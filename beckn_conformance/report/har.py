"""exchanges.har: every exchange of a run as HTTP Archive (HAR 1.2), and recordings of others read back."""

from __future__ import annotations

import base64
import binascii
import datetime
import http.client
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import parse_qsl, urlencode

from ..errors import UsageError
from ..record import content_of, written
from .document import said

Row = dict[str, Any]

CREATOR: Final = "beckn-conformance"
NOT_RECORDED: Final = -1
"""HAR's number for a size that nobody measured."""
BYTE_ORDER_MARK: Final = 3
"""Bytes that a browser counts and takes away."""


# Writing.


def write(rows: Iterable[Mapping[str, Any]], report: Mapping[str, Any], file: IO[str]) -> None:
    """Writes rows of the record as one HAR, an entry a line, holding one at a time.

    Everything of a row that HAR has no name for is kept in members that begin with ``_``; of an exchange without reply
    the status is 0 and ``_error`` says why. The ``comment`` of an entry names the findings that it shows.
    """
    shows: dict[str, list[str]] = {}
    for requirement in report["requirements"]:
        for finding in requirement["findings"]:
            for exchange in finding["exchanges"]:
                shows.setdefault(exchange, []).append(finding["id"])
    log = {
        "version": "1.2",
        "creator": {"name": CREATOR, "version": report["kit"]["version"]},
        "comment": f"run {report['run']['id']}, {said(report)} ({report['class']})",
    }
    file.write(json.dumps({"log": log})[:-2] + ', "entries": [')
    separator = "\n"
    for row in rows:
        file.write(separator + json.dumps(_entry(row, shows.get(row["id"], [])), separators=(",", ":")))
        separator = ",\n"
    file.write("\n]}}\n")


def _entry(row: Mapping[str, Any], shows: list[str]) -> dict[str, Any]:
    milliseconds = round(row["seconds"] * 1000, 3)
    started = datetime.datetime.fromtimestamp(row["started"], datetime.UTC)
    return {
        "startedDateTime": started.isoformat(timespec="microseconds"),
        "time": milliseconds,
        "request": _request(row["request"]),
        "response": _response(row["reply"], row["trouble"]),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        **({"comment": f"shows {', '.join(shows)}"} if shows else {}),
        **_custom(row, "request", "reply"),
    }


def _request(request: Mapping[str, Any]) -> dict[str, Any]:
    content = content_of(request)
    query = request["url"].partition("#")[0].partition("?")[2]
    posted = {}
    if content:
        text, encoding = _text(content)
        posted["postData"] = {
            "mimeType": _header(request["headers"], "content-type"),
            "text": text,
            **({"_encoding": encoding} if encoding else {}),
        }
    return {
        "method": request["method"],
        "url": request["url"],
        "httpVersion": "HTTP/1.1",
        "cookies": [cookie for value in _headers(request["headers"], "cookie") for cookie in _cookies(value)],
        "headers": _named(request["headers"]),
        "queryString": _named(parse_qsl(query, keep_blank_values=True)),
        **posted,
        "headersSize": NOT_RECORDED,
        "bodySize": len(content),
        **_custom(request, "method", "url", "headers", "content", "form"),
    }


def _response(reply: Mapping[str, Any] | None, trouble: str) -> dict[str, Any]:
    content = content_of(reply) if reply else b""
    text, encoding = _text(content)
    headers = reply["headers"] if reply else []
    status = reply["status"] if reply else 0
    return {
        "status": status,
        "statusText": http.client.responses.get(status, ""),
        "httpVersion": "HTTP/1.1" if reply else "",
        "cookies": [one for value in _headers(headers, "set-cookie") for one in _cookies(value.partition(";")[0])],
        "headers": _named(headers),
        "content": {
            "size": len(content),
            "mimeType": _header(headers, "content-type"),
            "text": text,
            **({"encoding": encoding} if encoding else {}),
        },
        "redirectURL": _header(headers, "location"),
        "headersSize": NOT_RECORDED,
        "bodySize": NOT_RECORDED,
        **({"_error": trouble} if trouble else {}),
        **(_custom(reply, "status", "headers", "content", "form") if reply else {}),
    }


def _custom(part: Mapping[str, Any], *standard: str) -> dict[str, Any]:
    return {f"_{name}": value for name, value in part.items() if name not in standard}


def _text(content: bytes) -> tuple[str, str]:
    """A content for HAR, and its encoding where it is no text."""
    try:
        return content.decode(), ""
    except UnicodeDecodeError:
        return base64.b64encode(content).decode(), "base64"


def _named(pairs: Iterable[Sequence[str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _headers(headers: Iterable[Sequence[str]], name: str) -> Iterator[str]:
    return (value for key, value in headers if key.casefold() == name)


def _header(headers: Iterable[Sequence[str]], name: str) -> str:
    return next(_headers(headers, name), "")


def _cookies(value: str) -> list[dict[str, str]]:
    pairs = (pair.partition("=") for pair in value.split(";") if pair.strip())
    return [{"name": name.strip(), "value": value.strip()} for name, _, value in pairs]


# Reading.


def read(path: Path) -> Iterator[Row]:
    """The exchanges of any HAR, in its order, as rows of the record; raises UsageError for a file that is none.

    Of a HAR that the kit wrote, everything comes back. Of others, ``id`` and ``operation`` are empty; a request or a
    reply whose content was not recorded counts as one that got no reply, with the reason in ``trouble``, since nothing
    can be said of it.
    """
    try:
        har = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no HAR: it is no JSON ({error})") from error
    log = _object(har, "log")
    entries = log.get("entries")
    if not isinstance(entries, list):
        raise UsageError(f"{path} is no HAR: it has no log with a list of entries")
    ours = _object(log, "creator").get("name") == CREATOR
    return _rows(path, entries, ours)


def _rows(path: Path, entries: list[Any], ours: bool) -> Iterator[Row]:
    for number, entry in enumerate(entries, 1):
        request = _object(entry, "request")
        if not isinstance(request.get("method"), str) or not isinstance(request.get("url"), str):
            raise UsageError(f"{path} is no HAR: its entry {number} has no request with a method and a URL")
        yield _row(entry, ours)


def _row(entry: Mapping[str, Any], ours: bool) -> Row:
    request, response = _object(entry, "request"), _object(entry, "response")
    content, unknown = _requested(request)
    reply: Row | None = None
    status = response.get("status")
    if isinstance(status, int) and status > 0:
        back, missing = _replied(response)
        unknown = unknown or missing
        reply = {"status": status, "headers": _pairs(response, ours), **written(back), **_restored(response, ours)}
        trouble = ""
    else:
        error = response.get("_error")
        trouble = f"connection: {error if isinstance(error, str) and error else 'no reply is recorded'}"
    if unknown:
        reply, trouble = None, f"limit: {unknown}"
    return {
        "id": "",
        "operation": "",
        "started": _started(entry.get("startedDateTime")),
        "seconds": max(_number(entry.get("time")), 0.0) / 1000,
        "purpose": "",
        "tags": [],
        "about": "",
        "trouble": trouble,
        **_restored(entry, ours),
        "request": {
            "method": request["method"],
            "url": request["url"],
            "headers": _pairs(request, ours),
            **written(content),
            **_restored(request, ours),
        },
        "reply": reply,
    }


def _restored(part: Mapping[str, Any], ours: bool) -> Row:
    """What the kit kept in members of its own; those of other programs mean nothing to it."""
    standard = ("_encoding", "_error")
    return {k[1:]: v for k, v in part.items() if k.startswith("_") and k not in standard} if ours else {}


def _requested(request: Mapping[str, Any]) -> tuple[bytes, str]:
    """The content of a request, and why it is not known."""
    posted = _object(request, "postData")
    text, params = posted.get("text"), posted.get("params")
    if isinstance(text, str):
        return _bytes(text, posted.get("_encoding", posted.get("encoding")))
    if isinstance(params, list) and params:
        pairs = [(str(p.get("name", "")), str(p.get("value", ""))) for p in params if isinstance(p, Mapping)]
        return urlencode(pairs).encode(), ""
    length = _header(_pairs(request), "content-length")
    sent = length not in ("", "0") or _number(request.get("bodySize")) > 0
    unsure = not length and request.get("bodySize") != 0 and request["method"].upper() not in ("GET", "HEAD", "OPTIONS")
    return b"", "the recording does not hold the content of the request" if sent or unsure else ""


def _replied(response: Mapping[str, Any]) -> tuple[bytes, str]:
    """The content of a reply, and why it is not known."""
    content = _object(response, "content")
    text, size = content.get("text"), content.get("size")
    if isinstance(text, str) and (text or size == 0):
        found, unknown = _bytes(text, content.get("encoding"))
        if not unknown and len(found) + BYTE_ORDER_MARK < _number(size):
            unknown = f"the recording holds {len(found)} bytes of a reply of {size}"
        return found, unknown
    empty = (
        size == 0
        or response["status"] in (http.client.NO_CONTENT, http.client.NOT_MODIFIED)
        or _header(_pairs(response), "content-length") == "0"
    )
    return b"", "" if empty else "the recording does not hold the content of the reply"


def _bytes(text: str, encoding: object) -> tuple[bytes, str]:
    if encoding != "base64":
        return text.encode("utf-8", "surrogatepass"), ""
    try:
        return base64.b64decode(text), ""
    except (binascii.Error, ValueError):
        return b"", "the recording holds a content that is not the base64 that it is said to be"


def _pairs(part: Mapping[str, Any], ours: bool = False) -> list[list[str]]:
    """Header fields. In recordings of browsers the pseudo fields of HTTP/2 are none, and repeated ones are one with
    a value on each line."""
    headers = part.get("headers")
    pairs = [
        [header["name"], header["value"]]
        for header in (headers if isinstance(headers, list) else [])
        if isinstance(header, Mapping) and isinstance(header.get("name"), str) and isinstance(header.get("value"), str)
    ]
    if ours:
        return pairs
    return [[name, line] for name, value in pairs if not name.startswith(":") for line in value.split("\n")]


def _started(value: object) -> float:
    try:
        started = datetime.datetime.fromisoformat(str(value))
    except ValueError:
        return 0.0
    return (started if started.tzinfo else started.replace(tzinfo=datetime.UTC)).timestamp()


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def _object(value: object, name: str) -> Mapping[str, Any]:
    """The object that is a member of a value, or an empty one."""
    member = value.get(name) if isinstance(value, Mapping) else None
    return member if isinstance(member, Mapping) else {}
