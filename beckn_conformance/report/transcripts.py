"""Prepares an exchange for the page: in full, and as the lines around the member that a finding is about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..messages.json_text import MOST_VALUES
from ..record.rows import text_of
from ..specification.pointer import pattern_of
from ..specification.specification import Specification
from ..untrusted import reading
from .excerpt import Line, excerpt

LONGEST_CONTENT = 6 * 1024
"""Characters of a content that are shown. The record has the rest."""
LONGEST_TEXT = 200
"""Characters of a text within a content."""
LONGEST_HEADER = 300
MOST_HEADERS = 40


def sides(
    row: Mapping[str, Any], finding: Mapping[str, Any], report: Mapping[str, Any], specification: Specification
) -> tuple[list[Line], list[Line]]:
    """The lines of request and reply around the member that a finding is about."""
    pointer: str = finding["pointer"]
    envelope: tuple[str, str] | None = None
    if report["gateway"]["binding"] == "envelope":
        names = report["configuration"].get("envelope") or {}
        envelope = (names.get("header", "header"), names.get("body", "body"))
    request, reply = row["request"], row["reply"]
    fields = {"action", "token", "timestamp"}
    sent = [Line(f"{request['method']} {row['operation']}"), *_side(request, pointer, envelope, fields)]
    if reply is None:
        return sent, [Line(row["trouble"] or "no reply", True)]
    received = [Line(f"HTTP {reply['status']}"), *_side(reply, pointer, envelope, {"action", "message"})]
    # A member that requests do not have is not missing from them.
    members = (
        {member.pointer for member in specification.members(row["operation"])} if _known(row, specification) else ()
    )
    if pattern_of(pointer) not in members:
        sent = [line for line in sent if not (line.marked and line.text.endswith(": not there"))]
    return sent, received


def _known(row: Mapping[str, Any], specification: Specification) -> bool:
    return any(operation.action == row["operation"] for operation in specification.operations)


def _side(part: Mapping[str, Any], pointer: str, envelope: tuple[str, str] | None, fields: set[str]) -> list[Line]:
    """Header members and body of one message. The member at the pointer is marked."""
    value = _json(text_of(part))
    header: list[tuple[str, Any]] = [(k, v) for k, v in part["headers"] if k.casefold() in fields]
    if envelope is not None and isinstance(value, dict):
        members = {key.casefold(): child for key, child in value.items()}
        inner = members.get(envelope[0].casefold())
        header = list(inner.items()) if isinstance(inner, dict) else []
        value = members.get(envelope[1].casefold())
    wanted = pointer.removeprefix("header:").casefold() if pointer.startswith("header:") else None
    lines = [
        Line(
            f"{_cut(name, 80)}: {_cut(text if isinstance(text, str) else json.dumps(text), 80)}",
            name.casefold() == wanted,
        )
        for name, text in header[:MOST_HEADERS]
    ]
    if value is None:
        text = _cut(text_of(part), 600)
        return [*lines, *map(Line, text.split("\n"))] if text else lines
    return [*lines, *excerpt(value, "" if wanted is not None else pointer)]


def full(row: Mapping[str, Any]) -> dict[str, Any]:
    """An exchange in full, with long parts cut."""
    parts = {
        name: None
        if row[name] is None
        else {
            **row[name],
            "headers": [
                (_cut(key, LONGEST_HEADER), _cut(value, LONGEST_HEADER))
                for key, value in row[name]["headers"][:MOST_HEADERS]
            ],
            "content": _cut(_indented(text_of(row[name])), LONGEST_CONTENT),
        }
        for name in ("request", "reply")
    }
    return {**row, **parts, "milliseconds": f"{row['seconds'] * 1000:.1f}"}


def _json(content: str) -> Any:
    """The JSON value of a content, or None."""
    try:
        return reading.json_value(content, values=MOST_VALUES, unique=False)
    except ValueError:
        return None


def _indented(content: str) -> str:
    """Indents JSON and cuts long texts in it. Anything else stays as it is."""
    value = _json(content)
    if not isinstance(value, dict | list):
        return content
    return json.dumps(_with_short_texts(value), ensure_ascii=False, indent=2)


def _with_short_texts(value: Any) -> Any:
    if isinstance(value, str):
        return _cut(value, LONGEST_TEXT)
    if isinstance(value, dict):
        return {_cut(key, LONGEST_TEXT): _with_short_texts(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_with_short_texts(child) for child in value]
    return value


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters in all)"
