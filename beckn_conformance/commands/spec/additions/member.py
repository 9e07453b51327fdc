"""Adds a member to requests, to the replies that show it, and to failure bodies, with its requirements."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from ....errors import UsageError, nearest
from ....specification.loading import load
from ....specification.pointer import MISSING, member, parts_of
from ....specification.specification import Specification
from ..check.folder import Folder, Place
from ..check.folder import places as schemas_at
from . import Added, requirements
from .editing import append, change

COMMON: Final = "common.json"
STARTS: Final[dict[str, dict[str, Any]]] = {
    "string": {"x-safe": {"maxLength": 64, "pattern": "^[A-Za-z0-9]+( [A-Za-z0-9]+)*$"}, "examples": ["Example"]},
    "integer": {"minimum": 0, "x-safe": {"minimum": 1, "maximum": 1000}, "examples": [12]},
    "number": {"minimum": 0, "x-safe": {"minimum": 1, "maximum": 1000}, "examples": [12]},
    "boolean": {},
}
"""By type, what a new member begins with: values that hardly any gateway refuses."""
DECIDE: Final = {
    "string": "what MUST be refused (pattern, x-malformed) and accepted (x-safe, x-variants), and an example",
    "integer": "what MUST be refused (minimum, maximum) and accepted (x-safe), and an example",
    "number": "what MUST be refused (minimum, maximum) and accepted (x-safe), and an example",
    "boolean": "whether both values are always accepted",
}


def add(path: Path, pointer: str, type_: str, *, optional: bool) -> Added:
    """Adds a member at a pointer such as ``/info/website``; raises UsageError if that is not possible."""
    folder, specification = Folder(path), load(path)
    parent, _, name = pointer.rpartition("/")
    places = {key: [*_places(folder, specification, parent, key)] for key in ("request", "ack", "nack")}
    if not re.fullmatch("/([a-z_*]+/)*[a-z][a-z_]*", pointer):
        raise UsageError(f"{pointer}: write a pointer of lower-case letters and underscores, such as /info/website")
    if not places["request"]:
        known = {m.parent for o in specification.operations for m in specification.members(o.action)}
        raise UsageError(f"{pointer}: no request has an object at {parent or 'its root'}{nearest(parent, known)}")
    if any(name in folder.at(*place).get("properties", {}) for place in places["request"]):
        raise UsageError(f"{pointer} exists already")
    part = (
        name if name not in folder.contents[COMMON]["$defs"] else "_".join((*parts_of(parent), name)).replace("*_", "")
    )
    schema = {"title": name.replace("_", " ").capitalize(), "type": type_, **STARTS[type_]}
    change(path, COMMON, lambda content: content["$defs"].update({part: schema}))
    written = [f"{COMMON}: the part {part}"]
    for place in places["request"]:
        _put(path, place, name, {"$ref": _reference(place, part)}, required=not optional, like_others=True)
    for place in places["ack"]:
        _put(path, place, name, {"type": type_}, required=not optional)
    for place in places["nack"]:
        _put(path, place, name, {"$ref": _reference(place, "error")}, required=False)
    written += sorted(
        {f"{file}: {name} at {pointer or 'the root'}" for place in places.values() for file, pointer in place}
    )
    ids = _requirements(path, specification, parent, pointer, name)
    written.append(f"requirements.yaml: {', '.join(ids)}")
    left = [
        f"{COMMON}, {part}: {DECIDE[type_]}",
        f"requirements.yaml, {', '.join(ids)}: level, basis and readings, and what the texts say",
        "description.yaml: examples with the member",
        f"page.yaml: a row for {name}, with its definition and what covers it; the page shows one made of the schema",
    ]
    return Added(written, left)


def _places(folder: Folder, specification: Specification, parent: str, kind: str) -> Iterable[Place]:
    """Returns where the schemas of an object stand in messages of a kind, each place once."""
    found: dict[Place, None] = {}
    # What stands beside info and api belongs to a signup alone.
    for operation in specification.operations if parent else specification.operations[:1]:
        around = schemas_at(folder, f"{operation.key}.{kind}.json").get(parent, ())
        holders = [place for place in around if "properties" in folder.at(*place)]
        found |= dict.fromkeys(holders[:1])
    return found


def _reference(place: Place, part: str) -> str:
    return f"{'' if place[0] == COMMON else COMMON}#/$defs/{part}"


def _put(path: Path, place: Place, name: str, schema: Any, *, required: bool, like_others: bool = False) -> None:
    """Puts a member into the schema of an object, nullable and optional if all others there are."""

    def edit(content: Any) -> None:
        holder = member(content, place[1]) if place[1] else content
        assert holder != MISSING
        others = holder["properties"].values()
        loose = like_others and others and all({"type": "null"} in other.get("anyOf", ()) for other in others)
        holder["properties"][name] = {"anyOf": [schema, {"type": "null"}]} if loose else schema
        if required and not loose:
            holder.setdefault("required", []).append(name)

    change(path, place[0], edit)


def _requirements(path: Path, specification: Specification, parent: str, pointer: str, name: str) -> list[str]:
    """Adds the rows that every member of a request needs; returns their ids."""
    ids: list[str] = []
    rows: list[str] = []
    word = name.upper().replace("_", "-")
    if any(id_.endswith(f"-{word}") for id_ in specification.requirements):
        word = "-".join((*parts_of(parent), word)).replace("*-", "").upper()
    for operation in specification.operations:
        if all(m.parent != parent for m in specification.members(operation.action)):
            continue
        if not parent and operation is not specification.operations[0]:
            continue
        scope = (operation.section, operation.key, pointer, [pointer])
        new = [f"{operation.prefix}-ACK-{word}", f"{operation.prefix}-NACK-{word}"]
        rows += [requirements.accepted(new[0], *scope), requirements.refused(new[1], *scope)]
        ids += new
    append(path, "requirements.yaml", "\n\n".join(rows))
    return ids
