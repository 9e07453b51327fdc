"""Recognises the form of a recording, and reads its calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ...errors import UsageError
from ...untrusted import reading, yaml_text
from . import cassette, har, newman, payload
from .har import Recorded
from .source import Source

MOST_VALUES: Final = 5_000_000
"""JSON or YAML values in a recording."""
KNOWN: Final = "a HAR, a payload log, newman's JSON export, a VCR cassette, or the exchanges.jsonl of a run of this kit"

Entries = Iterable[dict[str, Any]]
FORMS: Final[tuple[tuple[Callable[[object], bool], Callable[[object], Entries]], ...]] = (
    (newman.is_newman, newman.entries),
    (cassette.is_cassette, cassette.entries),
)
"""Forms that are one JSON or YAML value: how each is recognised, and its entries as those of a HAR."""


def read(path: Path) -> list[Recorded]:
    """Returns the calls of a recording in its order; raises UsageError for a file of no known form."""
    source = Source(path)
    if source.files:
        return _payloads(path, payload.of_files(source.files))
    found, amiss = _json(source.text)
    if har.is_har(found):
        return har.read(path, found, source.attached)
    if isinstance(found, list) and any(map(payload.is_pair, found)):
        return _payloads(path, payload.of_list(path.name, found, source.text))
    if payload.is_pair(found) or (amiss and payload.is_pair(_json(source.text.lstrip().partition("\n")[0])[0])):
        return _payloads(path, payload.of_lines(path.name, source.text))
    if amiss:
        found, amiss = _yaml(source.text, amiss)
    for recognises, entries in FORMS:
        if recognises(found):
            return [*har.calls(path, entries(found), source.attached)]
    raise UsageError(f"{path} is not a recording that can be read ({KNOWN}){': ' + amiss if amiss else ''}")


def _payloads(path: Path, entries: Entries) -> list[Recorded]:
    return [replace(call, payload=True) for call in har.calls(path, entries, lambda name: None)]


def _json(text: str) -> tuple[Any, str]:
    """Returns the value of a JSON text, or why it has none."""
    try:
        return reading.json_value(text, values=MOST_VALUES, unique=False, numbers=False), ""
    except json.JSONDecodeError as error:
        return None, f"line {error.lineno} is not JSON: {error.msg}"
    except (ValueError, RecursionError) as error:
        return None, f"it is not JSON: {error}"


def _yaml(text: str, amiss: str) -> tuple[Any, str]:
    """Returns the value of a YAML text whose first line makes it a cassette, or else why it was no JSON."""
    if not any(line.startswith(tuple(f"{name}:" for name in cassette.LISTS)) for line in text.splitlines()):
        return None, amiss
    try:
        return yaml_text.read(text, most=MOST_VALUES).value, ""
    except yaml_text.YamlError as error:
        return None, f"line {error.line}: {error}"
