"""Checks a YAML file against its schema. A fault takes one line, with file, line and key."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import UsageError, nearest
from ..specification.pointer import below, member
from ..specification.validators import compile_schema
from ..untrusted import reading, yaml_text
from ..untrusted.yaml_text import Node
from . import wording
from .faults import KeyFault
from .wording import Breach

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
    found = copy.deepcopy(dict(raw))
    for breach in [*_breaches(found, schema)]:
        here = node.at(breach.path)
        due_as_text = breach.rule == "type" and breach.path and "string" in breach.limit
        if due_as_text and here.written is not None and here.value is not None and here.value == breach.value:
            member(found, below("", *breach.path[:-1]))[breach.path[-1]] = here.written
    # An unknown key comes first: a missing one may be written under it.
    breaches = sorted(
        islice(_breaches(found, schema), MOST_FAULTS), key=lambda b: (len(b.path), b.rule != UNKNOWN, b.path)
    )
    return found, [fault for breach in breaches for fault in _faults(breach)]


def located(fault: KeyFault, where: str, node: Node) -> UsageError:
    """Returns the error that names file, line and key."""
    error = UsageError(f"{where}{_line(node, fault.path)}: {fault}")
    error.__cause__ = fault
    return error


def _breaches(found: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Breach]:
    """Yields the rules of a schema that a declaration breaks."""
    for error in compile_schema(schema).iter_errors(found):
        path = tuple(error.instance_path)
        *place, rule = error.schema_path
        holder = member(schema, below("", *place))
        yield Breach(path, rule, holder, member(found, below("", *path)))


def _line(node: Node, path: Sequence[str | int]) -> str:
    """Returns the line of a key or of the nearest one around it, for a message; empty if there is none."""
    found = node.at(path)
    return f", line {found.line}" if found is not node else ""


def _faults(breach: Breach) -> Iterator[KeyFault]:
    """Yields the faults that break one rule of the schema, with the nearest known key for each unknown one."""
    path = breach.path
    if breach.rule == UNKNOWN:
        known = breach.schema.get("properties", {})
        for unknown in sorted(breach.value.keys() - known.keys()):
            place = ".".join(map(str, (*path, unknown)))
            yield KeyFault((*path, unknown), f"unknown key {place!r}{nearest(unknown, known)}", named=False)
        return
    yield KeyFault(path, wording.of(breach, shown={*SECRET}.isdisjoint(map(str, path))))
