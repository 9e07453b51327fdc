"""Checks a YAML file against its schema. A fault takes one line, with file, line and key."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError, nearest
from ..untrusted import reading, yaml_text
from ..untrusted.yaml_text import Node
from . import wording
from .faults import KeyFault

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

LARGEST = 4 * reading.MB
"""Bytes of a file."""
MOST_FAULTS = 1000
"""Faults of a declaration that are looked at."""
NOTHING = Node({}, 1)
SECRET = ("signup_token", "headers", "registrations", "verification_hook", "proxy")
"""Keys whose values are or hold secrets, and are not shown."""
UNKNOWN = "additionalProperties"
"""The keyword that an unknown key breaks."""


def read(file: Path) -> Node:
    """Reads the keys and values of a file, which may be empty. Raises UsageError for anything else."""
    try:
        found = yaml_text.read(reading.text(file, most=LARGEST))
    except yaml_text.YamlError as error:
        raise UsageError(f"{file}, line {error.line}: {error}") from error
    if found.value is None:
        return NOTHING
    if not isinstance(found.value, dict):
        raise UsageError(f"{file}, line 1: keys with values are needed, not {wording.value(found.value)}")
    return found


def checked(raw: Mapping[str, Any], node: Node, schema: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Returns a declaration that follows its schema. If a text is due, an unquoted word is that text.

    Raises UsageError for one that does not follow the schema.
    """
    found, faults = examined(raw, node, schema)
    if faults:
        raise located(faults[0], where, node)
    return found


def examined(
    raw: Mapping[str, Any], node: Node, schema: Mapping[str, Any]
) -> tuple[dict[str, Any], Sequence[KeyFault]]:
    """Returns a declaration like ``checked``, with every fault in it; the one to report first stands first."""
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    found = copy.deepcopy(dict(raw))
    for path, word in [*_texts(validator.iter_errors(found), node)]:
        at: Any = found
        for part in path[:-1]:
            at = at[part]
        at[path[-1]] = word
    # An unknown key comes first: a missing one may be written under it.
    errors = sorted(
        islice(validator.iter_errors(found), MOST_FAULTS),
        key=lambda e: (len(e.absolute_path), e.validator != UNKNOWN, e.message),
    )
    return found, [fault for error in errors for fault in _faults(error)]


def located(fault: KeyFault, where: str, node: Node) -> UsageError:
    """Returns the error that names file, line and key."""
    error = UsageError(f"{where}{_line(node, fault.path)}: {fault}")
    error.__cause__ = fault
    return error


def _texts(errors: Iterator[ValidationError], node: Node) -> Iterator[tuple[list[Any], str]]:
    """Yields the paths at which a text is due but YAML has something else, with the word as written."""
    for error in errors:
        yield from _texts(iter(error.context or ()), node)
        path = list(error.absolute_path)
        due: Any = error.validator_value
        if error.validator == "type" and (due == "string" or "string" in due) and path:
            here = node.at(path)
            if here.written is not None and here.value is not None and here.value == error.instance:
                yield path, here.written


def _line(node: Node, path: Sequence[str | int]) -> str:
    """Returns the line of a key or of the nearest one around it, for a message; empty if there is none."""
    found = node.at(path)
    return f", line {found.line}" if found is not node else ""


def _faults(error: ValidationError) -> Iterator[KeyFault]:
    """Yields the faults that break one rule of the schema, with the nearest known key for each unknown one."""
    path = tuple(error.absolute_path)
    if error.validator == UNKNOWN and isinstance(error.schema, dict) and isinstance(error.instance, dict):
        known = error.schema.get("properties", {})
        for unknown in sorted(error.instance.keys() - known.keys()):
            place = ".".join(map(str, (*path, unknown)))
            yield KeyFault((*path, unknown), f"unknown key {place!r}{nearest(unknown, known)}", named=False)
        return
    yield KeyFault(path, wording.of(error, shown={*SECRET}.isdisjoint(map(str, path))))
