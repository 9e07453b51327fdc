"""Writes exchanges.har: exchanges of a run as an HTTP Archive (HAR 1.2)."""

from __future__ import annotations

import base64
import datetime
import http.client
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, Final
from urllib.parse import parse_qsl

from ..judging.outcome import worded
from ..messages.exchange import CLIENT_HEADERS
from .rows import content_of

LONG: Final = 16 * 1024
LARGEST: Final = 64 * 1024 * 1024
"""Characters of one entry, and of all that are longer: a gateway can send a hundred times as much as it transmits."""
CREATOR: Final = "beckn-conformance"
ADDED: Final = "added by the client"
"""Comment of header fields that are in every request, and so are not on record."""
EXCERPT: Final = "_excerpt"
"""Member of a log that says that exchanges were left out."""
NOT_RECORDED: Final = -1
"""HAR's number for an unknown size."""


def write(
    rows: Iterable[Mapping[str, Any]], report: Mapping[str, Any], file: IO[str], *, excerpt: bool = False
) -> None:
    """Writes rows of the record as one HAR, one entry per line, holding one row at a time.

    Members that begin with ``_`` hold what HAR has no name for. An exchange without a reply has status 0 and says why
    in ``_error``. The ``comment`` of an entry names the findings that it shows. Requests include the header fields that
    the client added. The run is one page. Once long entries have taken ``LARGEST`` characters, further long contents
    are left out; the record has them. An ``excerpt`` says of itself that it has only some of the exchanges.
    """
    run = report["run"]
    page = f"run-{run['id']}"
    room = LARGEST
    shows: dict[str, list[str]] = {}
    for requirement in report["requirements"]:
        for finding in requirement["findings"]:
            for exchange in finding["exchanges"]:
                shows.setdefault(exchange, []).append(finding["id"])
    log = {
        "version": "1.2",
        "creator": {"name": CREATOR, "version": report["kit"]["version"]},
        "comment": f"run {run['id']}, {worded(report['verdict'], report['waived'])} ({report['class']})"
        f"{'; only the exchanges that report.html shows' if excerpt else ''}",
        **({EXCERPT: True} if excerpt else {}),
        "pages": [
            {"startedDateTime": run["started"], "id": page, "title": report["gateway"]["url"], "pageTimings": {}}
        ],
    }
    file.write(json.dumps({"log": log})[:-2] + ', "entries": [')
    separator = "\n"
    for row in rows:
        entry = {"pageref": page, **_entry(row, shows.get(row["id"], []))}
        if not (run.get("recorded") or "raw" in row):
            entry["request"]["headers"] = _as_sent(row["request"])
        text = json.dumps(entry, separators=(",", ":"))
        if len(text) > LONG:
            room -= len(text)
            if room < 0:
                text = json.dumps(_without_contents(entry), separators=(",", ":"))
        file.write(separator + text)
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


def _without_contents(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry with the sizes of its contents, without the contents."""
    for holder in (entry["request"].get("postData"), entry["response"]["content"]):
        if holder is not None and holder.get("text"):
            del holder["text"]
            holder["comment"] = "left out because it is long; exchanges.jsonl holds it"
    # Whoever judges the file knows no more of the call than that.
    return {**entry, "_trouble": "limit: its contents are left out of this file"}


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


def _as_sent(request: Mapping[str, Any]) -> list[dict[str, str]]:
    """The header fields of a request, with those that the client added to it."""
    own = _named(request["headers"])
    names = {header["name"].casefold() for header in own}
    host = request["url"].partition("://")[2].partition("/")[0]
    before = _named([("Host", host), *CLIENT_HEADERS])
    after = _named([("Content-Length", str(len(content_of(request))))])
    added = [{**field, "comment": ADDED} for field in (*before, *after) if field["name"].casefold() not in names]
    return [*added[:-1], *own, *added[-1:]]


def _custom(part: Mapping[str, Any], *standard: str) -> dict[str, Any]:
    return {f"_{name}": value for name, value in part.items() if name not in standard}


def _text(content: bytes) -> tuple[str, str]:
    """A content for HAR, and its encoding if it is not text."""
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
