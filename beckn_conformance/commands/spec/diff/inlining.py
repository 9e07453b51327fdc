"""Follows the references in schemas of messages, draws the borders that the kit judges by, and finds their parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ....specification.pointer import below
from ....specification.schemas import followed
from ....specification.validators import compile_schema
from .inclusion import child_of, within
from .normal import Schema, both, children, normal

_LIMITS: Final = {"should": ("x-should",), "safe": ("x-safe",), "safe-should": ("x-safe", "x-safe-should")}
"""By border of requests, the keywords that draw it."""


@dataclass(frozen=True)
class Side:
    """One version of the schema of a message, without references."""

    schema: Schema

    @cached_property
    def _validator(self) -> Any:
        return compile_schema(self.schema)

    def accepts(self, message: Any) -> bool:
        return bool(self._validator.is_valid(message))

    def blames(self, message: Any, path: Sequence[str]) -> bool:
        """Tells whether an error of a message lies on the way to a place, or beneath it."""
        for error in self._validator.iter_errors(message):
            steps = ("*" if isinstance(step, int) else step for step in error.instance_path)
            if all(one == other for one, other in zip(steps, path, strict=False)):
                return True
        return False


def inlined(files: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Returns a schema of the files in normal form; raises SpecificationError for a broken reference."""

    def walk(node: Any, base: str) -> Any:
        if isinstance(node, list):
            return [walk(item, base) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" not in node:
            return {key: walk(value, base) for key, value in node.items() if key != "$defs"}
        file, _, target = followed(files, node["$ref"], base)
        rest = walk({key: value for key, value in node.items() if key != "$ref"}, base)
        whole = walk(target, file)
        return {"allOf": [rest, whole]} if rest else whole

    return normal(walk(files[name], name))


def bordered(schema: Schema, border: str, loose: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Draws another border in a schema of requests than that of what MUST be refused.

    Messages within ``safe`` and ``safe-should`` have every member that the schemas know, none besides and none that is
    null (Q1, T11), with values that MUST, or at least SHOULD, be accepted; members at the pointers of ``loose`` may be
    missing. ``should`` leaves out what SHOULD be refused.
    """
    strict = border.startswith("safe")

    def walk(node: Schema, pointer: str) -> dict[str, Any]:
        made = dict(node)
        if "properties" in made:
            made["properties"] = {name: walk(child, below(pointer, name)) for name, child in made["properties"].items()}
            if strict:
                needed = [n for n in made["properties"] if below(pointer, n) not in loose]
                made |= {"required": sorted(needed), "additionalProperties": {"not": {}}}
                made.pop("patternProperties", None)
        if "items" in made:
            made["items"] = walk(made["items"], f"{pointer}/*")
        if strict and isinstance(made.get("type"), list) and "null" in made["type"]:
            types = [t for t in made["type"] if t != "null"]
            made["type"] = types[0] if len(types) == 1 else types
        limits = [node[key] for key in _LIMITS[border] if key in node]
        return both(made, limits[0] if len(limits) == 1 else normal({"anyOf": limits})) if limits else made

    return walk(schema, "")


def omissible(schema: Schema, needed: frozenset[str] = frozenset()) -> frozenset[str]:
    """Returns the pointers of members, ``needed`` ones excepted, that a request MUST be accepted without."""

    def walk(node: Schema, pointer: str) -> Iterator[str]:
        kept = (*node.get("required", ()), *node.get("x-safe", {}).get("required", ()))
        for step, child in children(node):
            here = below(pointer, step)
            if step != "*" and step not in kept and here not in needed:
                yield here
            yield from walk(child, here)

    return frozenset(walk(schema, ""))


@dataclass(frozen=True)
class Place:
    """What a schema says of one place alone; of members and items only that they may be there."""

    schema: Schema
    required: bool
    sure: bool
    """True if nothing else in the schema speaks of this place."""

    def within(self, other: Place) -> bool:
        """Proves that one schema accepts nothing here that the other refuses; False if that is not certain."""
        if not (self.sure and other.sure and (self.required or not other.required)):
            return False
        names = {*self.schema.get("properties", ()), *other.schema.get("properties", ())}
        return within(_alone(self.schema, names), _alone(other.schema, names))


def _alone(schema: Schema, names: set[str]) -> dict[str, Any]:
    made = {key: value for key, value in schema.items() if key != "items"}
    if names:
        made["properties"] = {name: {} for name in sorted(names)}
        made["required"] = [name for name in made.get("required", ()) if name not in names]
    return made


def place(schema: Schema, path: Sequence[str]) -> Place:
    """Returns what a normal form says of a place."""
    required, sure = True, True
    for step in path:
        option = leading(schema, step)
        sure = sure and not any(key in schema for key in ("anyOf", "allOf", "oneOf", "if", "patternProperties"))
        required = step == "*" or step in option.get("required", ())
        schema = child_of(option, step)
    return Place(schema, required, sure)


def places(schema: Schema, pointer: str = "", required: bool = False) -> Iterator[tuple[str, Schema, bool]]:
    """Yields every place that a normal form names: pointer, schema, and whether it is required."""
    yield pointer, schema, required
    for step, child in children(schema):
        yield from places(child, below(pointer, step), step in schema.get("required", ()) and step != "*")


def leading(schema: Schema, step: str) -> Schema:
    """Returns the schema, or the first of its alternatives that names a member or has items."""
    key = "items" if step == "*" else "properties"
    for option in options(schema):
        if key in option and (step == "*" or step in option[key]):
            return option
    return next((option for option in options(schema) if key in option), schema)


def options(schema: Schema) -> Iterator[Schema]:
    """Yields the alternatives of a schema, each with what holds for all of them."""
    for key in ("anyOf", "oneOf"):
        if key in schema:
            rest = {name: value for name, value in schema.items() if name != key}
            for option in schema[key]:
                yield from options(both(rest, option))
            return
    yield schema
