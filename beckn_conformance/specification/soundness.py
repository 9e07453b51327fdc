"""Checks what the rest of the kit takes for granted of a folder of schemas, so that a strange one ends in one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from ..errors import SpecificationError
from .catalogue import Operation
from .pointer import below, member, walk
from .validators import compile_schema

KINDS: Final = ("request", "ack", "nack")
SHARED: Final = ("common.json", "header.request.json", "header.reply.json")
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
    for name in (*SHARED, *(f"{operation.key}.{kind}.json" for operation in operations for kind in KINDS)):
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
    for name, content in schemas.items():
        for place, key, value in walk(content):
            # A member of a message can be named $ref, too.
            if key == "$ref" and not isinstance(value, dict) and value != META:
                target = _target(files, name, value)
                if not isinstance(target, dict) or any(faults(target)):
                    why = "leads nowhere, or to something that is not a schema"
                    raise SpecificationError(f"{name}: the reference {str(value)[:100]} {why} ({place})")


def faults(schema: Any) -> Iterator[tuple[str, str]]:
    """Yields where and how a value is no schema of a message, borders included."""
    for error in _meta().iter_errors(schema):
        yield below("", *error.instance_path), error.message[:200]


@lru_cache(maxsize=1)
def _meta() -> Any:
    return compile_schema({"$schema": META, "$dynamicAnchor": "meta", "$ref": META, "properties": _FORMS})


def _target(files: Mapping[str, Any], name: str, reference: Any) -> Any:
    file, _, pointer = str(reference).partition("#")
    return member(files.get(file or name), pointer)
