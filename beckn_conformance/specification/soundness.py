"""Checks what the rest of the kit takes for granted of a folder of schemas, so that a strange one ends in one line."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from ..errors import SpecificationError
from .catalogue import Operation
from .pointer import below, member, walk
from .validators import compile_schema

KINDS: Final = ("request", "ack", "nack")
SHARED: Final = ("common.json", "header.request.json", "header.reply.json")
MOST_PARTS: Final = 5000
"""Most objects in the schema of a message, counting referenced parts each time."""
DEEPEST: Final = 64
"""Levels of objects and lists in one, references included."""
META: Final = "https://json-schema.org/draft/2020-12/schema"
BORDERS: Final = ("x-safe", "x-safe-should", "x-should")
_OBJECT: Final = {"type": "object"}
_FORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "properties": {"additionalProperties": _OBJECT},
    "$defs": {"additionalProperties": _OBJECT},
    "anyOf": {"items": _OBJECT},
    "items": _OBJECT,
    **{border: {**_OBJECT, "$dynamicRef": "#meta"} for border in BORDERS},
    **dict.fromkeys(("x-malformed", "x-should-malformed"), _OBJECT),
    **{kinds: {**_OBJECT, "additionalProperties": {"type": "string"}} for kinds in ("x-variants", "x-variants-should")},
    **{mark: {"type": "boolean"} for mark in ("x-unique", "x-known")},
    "x-unheld": {"type": "string", "pattern": "\\S"},
}
"""What the value of a keyword has to be, beyond JSON Schema: the kit reads no ``true`` and ``false`` as schemas."""

_TEXTS: Final = {"type": "array", "items": {"type": "string"}}
_HEADERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "header.request.json": {
        "Action": {"required": ["enum"], "properties": {"enum": _TEXTS}},
        "Timestamp": {
            "required": ["x-malformed"],
            "properties": {"x-malformed": {"additionalProperties": {"type": "string"}}},
        },
    },
    "header.reply.json": {},
}
"""Members of headers that the kit looks into by their names."""


def check(files: Mapping[str, Any], operations: tuple[Operation, ...]) -> None:
    """Raises SpecificationError for a message without a schema, and for a schema that cannot be read as one."""
    messages = (*SHARED, *(f"{operation.key}.{kind}.json" for operation in operations for kind in KINDS))
    for name in messages:
        if not isinstance(files.get(name), dict):
            raise SpecificationError(f"{name} is missing, or no object")
    schemas = {name: content for name, content in files.items() if name.endswith(".json")}
    for name, content in schemas.items():
        if not isinstance(content, dict) or content.get("$schema") != META:
            raise SpecificationError(f"{name}: its $schema is not {META}")
        for place, fault in faults(content):
            raise SpecificationError(f"{name}: {place or 'the file'}: {fault}")
    for name, members in _HEADERS.items():
        inner = {"required": [*members], "properties": members}
        form = {"required": ["properties"], "properties": {"properties": inner}}
        for error in compile_schema(form).iter_errors(files[name]):
            raise SpecificationError(f"{name}: {below('', *error.instance_path) or 'the file'}: {error.message[:200]}")
    references: dict[tuple[str, str], str] = {}
    for name, content in schemas.items():
        for place, key, value in walk(content):
            # A member of a message can have these names, too.
            if isinstance(value, dict):
                continue
            if key == "$dynamicRef" or (key == "$id" and place != "/$id"):
                raise SpecificationError(f"{name}: parts are referred to by file and place, not by {key} ({place})")
            if key == "$ref" and value != META:
                references.setdefault((name, str(value)), place)
    for (name, reference), place in references.items():
        target = _target(files, name, reference)
        if not isinstance(target, dict) or any(faults(target)):
            why = "leads nowhere, or to something that is not a schema"
            raise SpecificationError(f"{name}: the reference {reference[:100]} {why} ({place})")
    for name in messages:
        # Alternatives that double with each level would keep a validator busy forever.
        if sum(1 for _ in itertools.islice(_parts(files, name, files[name]), MOST_PARTS)) == MOST_PARTS:
            raise SpecificationError(f"{name} has too many parts, with all that it refers to")


def _parts(files: Mapping[str, Any], name: str, node: Any, room: int = DEEPEST) -> Iterator[None]:
    """Yields once for each object in a schema and all that it refers to; raises SpecificationError for a circle."""
    if not room:
        raise SpecificationError(f"{name}: a schema refers to itself, or is nested too deeply")
    if isinstance(node, dict):
        yield
        if isinstance(reference := node.get("$ref"), str) and reference != META:
            yield from _parts(files, reference.partition("#")[0] or name, _target(files, name, reference), room - 1)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _parts(files, name, child, room - 1)


def faults(schema: Any) -> Iterator[tuple[str, str]]:
    """Yields where and how a value is no schema of a message, borders included."""
    for error in _meta().iter_errors(schema):
        yield below("", *error.instance_path), error.message[:200]


@lru_cache(maxsize=1)
def _meta() -> Any:
    return compile_schema({"$schema": META, "$dynamicAnchor": "meta", "$ref": META, "properties": _FORMS})


def _target(files: Mapping[str, Any], name: str, reference: str) -> Any:
    file, _, pointer = reference.partition("#")
    return member(files.get(file or name), pointer)
