"""What a schema allows in one place, its alternatives taken together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ....specification.members import json_type
from ....specification.specification import Specification

NUMBERS: Final = {"integer": "number"}


@dataclass(frozen=True)
class Shape:
    """Types, members, items and values that a schema allows."""

    types: frozenset[str]
    properties: Mapping[str, Mapping[str, Any]]
    required: frozenset[str]
    items: Mapping[str, Any] | None
    literals: tuple[Any, ...] | None
    """The values of const or enum; None if any value of the type will do."""
    constant: bool
    """True if the literal is that of a const."""
    samples: tuple[Any, ...]
    """The examples of the schema."""


def shape(schema: Mapping[str, Any], specification: Specification) -> Shape:
    """The shape of a schema."""
    types: set[str] = set()
    properties: dict[str, Mapping[str, Any]] = {}
    required: frozenset[str] = frozenset()
    items: Mapping[str, Any] | None = None
    literals: tuple[Any, ...] | None = None
    samples: list[Any] = []
    constant = False
    for option in _options(schema, specification):
        given = option.get("type", ())
        types |= {NUMBERS.get(name, name) for name in ([given] if isinstance(given, str) else given)}
        properties |= option.get("properties", {})
        required |= frozenset(option.get("required", ()))
        items = option.get("items", items)
        samples += option.get("examples", ())
        if "const" in option or "enum" in option:
            constant = "const" in option
            literals = (option["const"],) if constant else tuple(option["enum"])
            types |= {json_type(literal) for literal in literals}
    return Shape(frozenset(types), properties, required, items, literals, constant, tuple(samples))


def _options(schema: Mapping[str, Any], specification: Specification) -> Iterator[Mapping[str, Any]]:
    """A schema without references; of alternatives, each."""
    if "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        yield from _options({**specification.schemas.target(schema["$ref"]), **rest}, specification)
    elif "anyOf" in schema:
        for option in schema["anyOf"]:
            yield from _options(option, specification)
    else:
        yield schema
