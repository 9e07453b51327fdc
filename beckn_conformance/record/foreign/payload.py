"""Reads payload logs: the header and body of each request and reply, without the HTTP around them.

``schemas/payload-log.json`` describes the form. A log is a JSON Lines file or a JSON list of pairs, or a folder or ZIP
of files ``NAME.request.json`` and ``NAME.reply.json``, in the order of their names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ...errors import UsageError
from ...messages.binding import HEADER
from ...specification.loading import misfit
from ...untrusted import reading, yaml_text
from .parts import object_at, text_at

GATEWAY: Final = "http://gateway.invalid"
"""Stands for the gateway's URL, which a log does not hold."""
FILE: Final = re.compile(r"(?P<name>.+)\.(?P<part>request|reply|response)\.json", re.IGNORECASE)
PART: Final = "payload-log.json#/$defs/"
NAMES: Final = {name.casefold(): name for name in HEADER}
FIELDS: Final = [{"name": "Content-Type", "value": "application/json"}]


def is_pair(found: object) -> bool:
    """Recognises a pair by a request that has no URL."""
    request = object_at(found, "request")
    return bool(request) and not request.keys() & {"url", "uri"}


def of_lines(name: str, text: str) -> Iterator[dict[str, Any]]:
    """Yields one entry for each line; raises UsageError with file and line."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            pair = reading.json_value(line, unique=False, numbers=False)
        except ValueError as error:
            raise UsageError(f"{name}, line {number}: not JSON: {error}") from error
        yield _entry(_checked(pair, "pair", f"{name}, line {number}"))


def of_list(name: str, pairs: Iterable[Any], text: str) -> Iterator[dict[str, Any]]:
    """Yields one entry for each pair of a JSON list; raises UsageError with file and line."""
    for place, pair in enumerate(pairs):
        if amiss := misfit(pair, f"{PART}pair"):
            raise UsageError(f"{name}, line {_line(text, [place])}: {amiss}")
        yield _entry(pair)


def of_files(files: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """Yields one entry for each request file, with its reply if there is one; raises UsageError with file and line."""
    pairs: dict[str, dict[str, Any]] = {}
    for name in sorted(files, key=_natural):
        if (found := FILE.fullmatch(name)) is None:
            continue
        part = "request" if found["part"].casefold() == "request" else "reply"
        pairs.setdefault(found["name"], {})[part] = _file(name, files[name])
    for stem, pair in pairs.items():
        if "request" not in pair:
            raise UsageError(f"{stem}.reply.json has no {stem}.request.json beside it")
        yield _entry({"time": pair["request"].get("time"), **pair})


def _file(name: str, content: bytes) -> Any:
    try:
        message = reading.json_value(content, unique=False, numbers=False)
    except json.JSONDecodeError as error:
        raise UsageError(f"{name}, line {error.lineno}: not JSON: {error.msg}") from error
    except ValueError as error:
        raise UsageError(f"{name}: not JSON: {error}") from error
    return _checked(message, "message", f"{name}, line 1")


def _checked(value: Any, part: str, where: str) -> Any:
    if amiss := misfit(value, f"{PART}{part}"):
        raise UsageError(f"{where}: {amiss}")
    return value


def _line(text: str, path: list[int]) -> int:
    try:
        return yaml_text.read(text).at(path).line
    except yaml_text.YamlError:
        return 1


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts ``2-get`` before ``10-get``."""
    return [(int(digits or 0), word) for digits, word in re.findall(r"(\d{0,18})(\D*)", name)]


def _entry(pair: Mapping[str, Any]) -> dict[str, Any]:
    request, reply = _message(pair["request"]), _message(pair.get("reply"))
    header = object_at(request, "header")
    request["header"] = {NAMES.get(name.casefold(), name): value for name, value in header.items()}
    action = text_at(request["header"], "Action")
    if _is_page(reply):
        reply = {}
    return {
        "startedDateTime": pair.get("time"),
        "request": {"method": "POST", "url": f"{GATEWAY}/{action}", "headers": FIELDS, "postData": _content(request)},
        "response": {"status": 200 if reply else 0, "headers": FIELDS, "content": _content(reply)},
    }


def _is_page(reply: Mapping[str, Any]) -> bool:
    """True for what may come from something in front of the gateway; the status that would tell is not in the log."""
    said = {name.casefold() for name in object_at(reply, "header")}
    return "action" not in said and not isinstance(reply.get("body"), dict)


def _message(found: object) -> dict[str, Any]:
    """Returns the two members of an envelope under the names that the kit writes; empty without a message."""
    known = {name.casefold(): value for name, value in found.items()} if isinstance(found, Mapping) else {}
    return {name: known[name] for name in ("header", "body") if name in known}


def _content(message: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": json.dumps(message, ensure_ascii=False)}
