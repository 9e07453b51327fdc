"""Which members the requests of each operation have, read from schemas/."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reference_server.message import ACTIONS, Json

_TYPES = frozenset({"null", "boolean", "number", "string", "array", "object"})


@dataclass(frozen=True, slots=True)
class Member:
    """The shape of one member of a request; formats are the gateway's own code."""

    types: frozenset[str]
    """JSON types that are allowed."""

    members: Mapping[str, Member] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    fewest: int = 0
    """How many of the members must be there at least."""

    items: Member | None = None

    limits: tuple[Mapping[str, Json], ...] = ()
    """What the schemas say of the values of a text, a number or a boolean: what must hold, and what should."""


@dataclass(frozen=True, slots=True)
class Specification:
    """The shapes of the four requests, by Action."""

    requests: Mapping[str, Member]


def folder() -> Path:
    """Find schemas/ in an installed wheel or, failing that, in the checkout."""
    root = Path(__file__).resolve().parent.parent
    installed = root / "beckn_conformance" / "schemas"
    return installed if installed.is_dir() else root / "schemas"


def load(path: Path | None = None) -> Specification:
    """Read the shapes from a folder of schemas; raises OSError or ValueError when it is none."""
    shelf = _Shelf(path or folder())
    return Specification({action: shelf.member(f"{name}.request.json") for action, name in ACTIONS.items()})


class _Shelf:
    """The schema files of one folder, each read once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[str, Json] = {}

    def member(self, reference: str, home: str = "") -> Member:
        """Read the schema that a reference names, seen from the file it stands in."""
        name, _, fragment = reference.partition("#")
        name = name or home
        if name not in self._files:
            self._files[name] = json.loads((self._path / name).read_text(encoding="utf-8"))
        schema = self._files[name]
        for part in fragment.split("/")[1:]:
            schema = schema[part]
        return self._read(schema, name)

    def _read(self, schema: Json, home: str) -> Member:
        if "$ref" in schema:
            return self.member(schema["$ref"], home)
        if "anyOf" in schema:
            return _either([self._read(choice, home) for choice in schema["anyOf"]])
        types = schema.get("type", sorted(_TYPES))
        return Member(
            types=frozenset(
                "number" if kind == "integer" else kind for kind in ([types] if isinstance(types, str) else types)
            ),
            members={name: self._read(child, home) for name, child in schema.get("properties", {}).items()},
            required=frozenset(schema.get("required", ())),
            fewest=schema.get("minProperties", 0),
            items=self._read(schema["items"], home) if "items" in schema else None,
            limits=tuple(limits for limits in (schema, schema.get("x-should")) if limits is not None),
        )


def _either(choices: list[Member]) -> Member:
    """Join alternatives; only one of them has members or items, the others add types."""
    shape = next((choice for choice in choices if choice.members or choice.items), choices[0])
    return Member(
        types=frozenset().union(*(choice.types for choice in choices)),
        members=shape.members,
        required=shape.required,
        fewest=shape.fewest,
        items=shape.items,
        limits=tuple(limits for choice in choices for limits in choice.limits),
    )
