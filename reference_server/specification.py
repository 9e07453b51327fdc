"""Which members the messages of each operation have, read from schemas/."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from reference_server.files import folder, read
from reference_server.message import Json

_TYPES = frozenset({"null", "boolean", "number", "string", "array", "object"})
_DEEPEST: Final = 64
"""References and members beneath one another in a schema."""
_MOST_PARTS: Final = 20_000
"""Parts of all messages together, counting those that are referred to each time."""
_LIMITS: Final = frozenset(
    {
        *("const", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems"),
    }
)
"""Keywords that limit the values of one type."""


@dataclass(frozen=True, slots=True)
class Member:
    """The shape of one member of a message."""

    types: frozenset[str]
    """JSON types that are allowed."""
    members: Mapping[str, Member] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    fewest: int = 0
    """How many of the members must be there at least."""
    items: Member | None = None
    schema: Mapping[str, Json] = field(default_factory=dict)
    """Keywords of its schema; of alternatives, those of the one that is not null."""
    limits: tuple[tuple[str, Callable[[Json], bool]], ...] = ()
    """Tests of a value, each with its strength: what `must` hold, and what `should`."""

    @property
    def type(self) -> str:
        """The JSON type that is not null, the first of several."""
        return min(self.types - {"null"}, default="null")

    @property
    def is_scalar(self) -> bool:
        """Return whether its values have no members or items."""
        return not self.members and self.items is None and self.type not in ("object", "array")

    def below(self, pointer: str = "") -> Iterator[tuple[str, Member]]:
        """Yield every member beneath, with its JSON Pointer, `*` for any index."""
        children = {**self.members, **({"*": self.items} if self.items is not None else {})}
        for name, child in children.items():
            yield f"{pointer}/{name}", child
            yield from child.below(f"{pointer}/{name}")

    def at(self, pointer: str) -> Member | None:
        """Return the member at a pointer, None where there is none."""
        return next((member for place, member in self.below() if place == pointer), None)

    def requires(self, pointer: str) -> bool:
        """Return whether a member beneath has to be there."""
        holder = self._holder(pointer)
        return holder is not None and pointer.rpartition("/")[2] in holder.required

    def may_want(self, pointer: str) -> bool:
        """Return whether a gateway may refuse a message without a member beneath, be it required or not."""
        holder = self._holder(pointer)
        needed = holder.schema.get("x-safe", {}).get("required", ()) if holder is not None else ()
        return self.requires(pointer) or pointer.endswith("*") or pointer.rpartition("/")[2] in needed

    def _holder(self, pointer: str) -> Member | None:
        parent = pointer.rpartition("/")[0]
        return self.at(parent) if parent else self


@dataclass(frozen=True, slots=True)
class Specification:
    """The operations by their Action, with the shapes of requests and of the bodies of replies."""

    keys: Mapping[str, str]
    """The names that the schemas of the operations are filed under."""
    requests: Mapping[str, Member]
    acks: Mapping[str, Member]
    nacks: Mapping[str, Member]
    replaces: Mapping[str, str]
    """By Action, the name of the object of a registration whose members the operation replaces."""
    adds_to: Mapping[str, str]
    """By Action, the name of the list of a registration that the operation adds items to."""

    def word(self, shapes: Mapping[str, Member], action: str, pointer: str, default: str) -> str:
        """Return the literal that a reply has at a place, the first of several."""
        member = shapes[action].at(pointer) if action in shapes else None
        schema = member.schema if member is not None else {}
        word = schema.get("const", next(iter(schema.get("enum", ())), default))
        return word if isinstance(word, str) else default


def load(path: Path | None = None) -> Specification:
    """Read the shapes from a folder of schemas; raises OSError or ValueError when it is none."""
    home = (path or folder()).resolve()
    return _shipped() if home == folder() else _read(home)


@lru_cache(maxsize=1)
def _shipped() -> Specification:
    return _read(folder())


def _read(home: Path) -> Specification:
    schemas = _Schemas(home)
    try:
        rows = read(home, "operations.yaml")
        keys = {str(row["action"]): str(row["key"]) for row in rows}
        replaces, adds_to = (
            {str(row["action"]): str(row[how]).strip("/") for row in rows if how in row}
            for how in ("replaces", "adds_to")
        )
        shapes = {
            kind: {action: schemas.member(f"{key}.{kind}.json") for action, key in keys.items()}
            for kind in ("request", "ack", "nack")
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{home} holds no schemas of this kind: {error!r}") from error
    return Specification(keys, shapes["request"], shapes["ack"], shapes["nack"], replaces, adds_to)


class _Schemas:
    """The schema files of one folder, each read once."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._files: dict[str, Json] = {}
        self._parts = 0

    def member(self, reference: str, home: str = "", depth: int = 0) -> Member:
        """Read the schema that a reference names, seen from the file it stands in."""
        name, _, fragment = reference.partition("#")
        name = name or home
        if name not in self._files:
            self._files[name] = read(self._home, name)
        schema = self._files[name]
        for part in fragment.split("/")[1:]:
            schema = schema[part.replace("~1", "/").replace("~0", "~")]
        return self._read(schema, name, depth)

    def _read(self, schema: Json, home: str, depth: int) -> Member:
        self._parts += 1
        if depth > _DEEPEST or self._parts > _MOST_PARTS:
            raise ValueError(f"{self._home / home}: a schema refers to itself, or has too many parts or levels")
        if "$ref" in schema:
            return self.member(schema["$ref"], home, depth + 1)
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return _either([self._read(choice, home, depth + 1) for choice in schema[several]], schema)
        types = schema.get("type", sorted(_TYPES))
        members = schema.get("properties", {})
        return Member(
            types=frozenset(
                "number" if kind == "integer" else kind for kind in ([types] if isinstance(types, str) else types)
            ),
            members={name: self._read(child, home, depth + 1) for name, child in members.items()},
            required=frozenset(schema.get("required", ())),
            fewest={**schema, **schema.get("x-should", {})}.get("minProperties", 0),
            items=self._read(schema["items"], home, depth + 1) if "items" in schema else None,
            schema=schema,
            limits=tuple(_limits(schema, home)),
        )


def _limits(schema: Mapping[str, Json], home: str) -> Iterator[tuple[str, Callable[[Json], bool]]]:
    for strength, keywords in (("must", schema), ("should", schema.get("x-should", {}))):
        limits = {keyword: value for keyword, value in keywords.items() if keyword in _LIMITS}
        if limits:
            try:
                # This engine does not backtrack, so that no pattern takes for ever.
                options: Any = jsonschema_rs.RegexOptions()
                yield strength, jsonschema_rs.Draft202012Validator(limits, pattern_options=options).is_valid
            except ValueError as error:
                raise ValueError(f"{home}: {' '.join(str(error).split())}") from error


def _either(choices: list[Member], schema: Mapping[str, Json]) -> Member:
    """Join alternatives; only one of them has members or items, the others add types."""
    shape = next((choice for choice in choices if choice.types != {"null"}), choices[0])
    return Member(
        types=frozenset().union(*(choice.types for choice in choices)),
        members=shape.members,
        required=shape.required,
        fewest=shape.fewest,
        items=shape.items,
        schema={**shape.schema, **{key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}},
        limits=tuple(limit for choice in choices for limit in choice.limits),
    )
