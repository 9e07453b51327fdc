"""Replies that break their schemas: a member is missing, of another type, or none of the values allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from reference_server.catalogue import Catalogue
from reference_server.message import UPDATE, Json
from reference_server.planting import Defect, defect
from reference_server.planting.edits import Change, gone, member, nth, place_name, short, to
from reference_server.planting.steps import in_ack, in_nack
from reference_server.specification import Member, Specification
from reference_server.validation import json_type

_ANOTHER: Final = "SOMETHING-ELSE"
"""A text that no literal, format or pattern of the schemas has."""

_ALSO: Final = {"DOCUMENTS-OLD-STATUS": ("DOCUMENTS-NEW-STATUS",)}
"""By requirement, others about the same place."""
_LOST: Final = ("SIGNUP-ECHO", "SIGNUP-DOCUMENTS-KEPT", "DOCUMENTS-LISTED")
"""What an item that cannot be read breaks as well."""

_SENT: Final = (
    *("SIGNUP-ECHO", "SIGNUP-LONG-KEPT", "SIGNUP-DOCUMENTS-KEPT", "GET-ROUND-TRIP"),
    *("UPDATE-ECHO", "UPDATE-WHOLE", "UPDATE-VISIBLE", "UPDATE-STAYS", "UPDATE-KEEPS-REST"),
    *("DOCUMENTS-ECHO", "DOCUMENTS-LISTED", "DOCUMENTS-KEPT", "DOCUMENTS-KEEPS-REST"),
)
"""What another value breaks as well, where a request gave the member."""
_NO_VALUE: Final = ("missing", "null", "another-type")


def defects(specification: Specification, catalogue: Catalogue) -> Iterator[Defect]:
    for action, shape in specification.acks.items():
        for pointer, part in shape.below():
            requirement = catalogue.owner(action, pointer)
            if requirement is not None:
                also = _LOST if pointer.endswith("/*") else _ALSO.get(requirement, ())
                identity = catalogue.of(action, "ID") if pointer == "/registration/id" else None
                also = (*also, identity or "")
                yield from _of_member(action, pointer, part, requirement, also, required=shape.requires(pointer))
    yield from _failures(specification, catalogue)


def _of_member(
    action: str, pointer: str, part: Member, requirement: str, also: Sequence[str], *, required: bool
) -> Iterator[Defect]:
    start = f"{place_name(action, '/ack')}-{place_name('', pointer).strip('-')}"
    holder, _, last = pointer.rpartition("/")
    for name, change, words in _breaches(part, required=required):
        # The reference gateway may not show what is optional; null is as good as absent there (reading T12).
        there = required or last == "*"
        if name == "null" and not there:
            continue
        words = f"in the reply to {action} {pointer} {words}"
        install = in_ack(action, pointer, change) if there else in_ack(action, holder, _put(last, change))
        values = _SENT if name not in _NO_VALUE else ()
        yield defect(f"{start}-{name}", requirement, action, pointer, words, install, *also, *values)
        if name == "missing" and holder.endswith("/*"):
            install = in_ack(action, holder.removesuffix("/*"), nth(1, member(last, gone)))
            name = f"{start}-missing-in-second"
            yield defect(name, requirement, action, pointer, f"{words} in the second", install, *also)


def _put(name: str, change: Change) -> Change:
    """Change a member of an object where it is there, and put it there where it is not."""
    return lambda value: {**value, name: change(value.get(name, "X"))} if isinstance(value, dict) else value


def _breaches(part: Member, *, required: bool) -> Iterator[tuple[str, Change, str]]:
    """Yield every way to break the schema of a member: its name, the change, and the words for it."""
    if required:
        yield "missing", gone, "is missing"
    if "null" not in part.types:
        yield "null", to(None), "is null"
    other: Json = 12345 if "number" not in part.types else "text"
    yield "another-type", to(other), f"is a {json_type(other)}"
    schema = part.schema
    if (literals := [schema["const"]] if "const" in schema else schema.get("enum")) and _ANOTHER not in literals:
        yield "another-value", to(_ANOTHER), "is none of the words that are allowed"
        yield "lower-case", lambda value: value.lower() if isinstance(value, str) else value, "is in lower case"
    elif part.type == "string":
        if "pattern" in schema or "minLength" in schema:
            blank = " " if "pattern" in schema else ""
            yield "blank", to(blank), "is blank"
        if "format" in schema:
            yield "another-format", to(_ANOTHER), "is not in its format"
        if "maxLength" in schema:
            yield "too-long", to("x" * (schema["maxLength"] + 1)), "is too long"
    for keyword, step in (("minimum", -1), ("maximum", 1), ("exclusiveMinimum", 0), ("exclusiveMaximum", 0)):
        if keyword in schema:
            yield f"beyond-{keyword.lower()}", to(schema[keyword] + step), f"is beyond its {keyword}"
    if schema.get("minItems", 0):
        yield "too-few", _first(schema["minItems"] - 1), "has too few items"
    if "maxItems" in schema:
        yield "too-many", _repeated(schema["maxItems"] + 1), "has too many items"


def _first(count: int) -> Change:
    return lambda value: value[:count] if isinstance(value, list) else value


def _repeated(count: int) -> Change:
    def change(value: Any) -> Any:
        return (value * count)[:count] if isinstance(value, list) and value else value

    return change


def _failures(specification: Specification, catalogue: Catalogue) -> Iterator[Defect]:
    """Refused changes that do not say so in their status."""
    for action, shape in specification.nacks.items():
        status = shape.at("/registration/status")
        start = "update" if action == UPDATE else short(action)
        for ending, reason in (("FAIL-STATUS", "body"), ("FAIL-STATUS-UNKNOWN", "unknown")):
            requirement = catalogue.of(action, ending) if status is not None else None
            for name, change, words in _breaches(status, required=True) if status is not None and requirement else ():
                name, words = f"{start}-{ending.lower()}-{name}", f"the status of a refused update ({reason}) {words}"
                install = in_nack(action, "/registration/status", change, reason)
                yield defect(name, requirement or "", action, "/registration/status", words, install)
