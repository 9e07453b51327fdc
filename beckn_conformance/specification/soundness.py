"""Checks what the rest of the kit takes for granted of a folder of schemas, so that a strange one ends in one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
HOLDERS: Final = ("properties", "$defs", "anyOf")
"""Keywords under which the kit reads no ``true`` and ``false``."""
NAMED: Final = ("x-malformed", "x-should-malformed", "x-variants", "x-variants-should")


def check(files: Mapping[str, Any], operations: tuple[Operation, ...]) -> None:
    """Raises SpecificationError for a message without a schema, and for a schema that cannot be read as one."""
    for name in (*SHARED, *(f"{operation.key}.{kind}.json" for operation in operations for kind in KINDS)):
        if not isinstance(files.get(name), dict):
            raise SpecificationError(f"{name} is missing, or no object")
    for name, content in files.items():
        if name.endswith(".json"):
            if not isinstance(content, dict) or content.get("$schema") != META:
                raise SpecificationError(f"{name}: its $schema is not {META}")
            for place, fault in _faults(content, ""):
                raise SpecificationError(f"{name}: {place or 'the file'}: {fault}")
            for place, key, value in walk(content):
                if key == "$ref" and not _leads_somewhere(files, name, value):
                    raise SpecificationError(f"{name}: the reference {str(value)[:100]} leads nowhere ({place})")


@lru_cache(maxsize=1)
def _meta() -> Any:
    return compile_schema({"$ref": META})


def _faults(schema: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yields breaches of the meta-schema, in borders too."""
    for error in _meta().iter_errors(schema):
        yield place + "".join(below("", str(part)) for part in error.instance_path), error.message[:200]
    for pointer, key, value in walk(schema, place):
        if key in (*BORDERS, *NAMED) and not isinstance(value, dict):
            yield pointer, f"the value of {key} is no object"
        elif key in BORDERS:
            yield from _faults(value, pointer)
        elif key in HOLDERS and not all(isinstance(child, dict) for child in _children(value)):
            yield pointer, "it holds something that is no object"


def _children(value: Any) -> Iterable[Any]:
    """Returns the schemas in the value of a keyword that holds schemas."""
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,)


def _leads_somewhere(files: Mapping[str, Any], name: str, reference: Any) -> bool:
    if not isinstance(reference, str) or reference == META:
        # A member of a message can be named $ref, too.
        return isinstance(reference, str | dict)
    file, _, pointer = reference.partition("#")
    return isinstance(member(files.get(file or name), pointer) if pointer else files.get(file or name), dict)
