"""Which members the requests of each operation have, read from schemas/."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from reference_server.message import Json

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

    malformed: Mapping[str, str] = field(default_factory=dict)
    """Faulty texts, by name."""

    variants: Mapping[str, str] = field(default_factory=dict)
    """Patterns of the kinds of valid texts, by name."""

    limits: tuple[Mapping[str, Json], ...] = ()
    """What the schemas say of the values of a text, a number or a boolean: what must hold, and what should."""

    def below(self, pointer: str = "") -> Iterator[tuple[str, Member]]:
        """Give every member beneath, with its JSON Pointer, `*` for any index."""
        children = {**self.members, **({"*": self.items} if self.items is not None else {})}
        for name, child in children.items():
            yield f"{pointer}/{name}", child
            yield from child.below(f"{pointer}/{name}")


@dataclass(frozen=True, slots=True)
class Specification:
    """The operations by their Action, with the shapes of requests and of the bodies of ACKs."""

    keys: Mapping[str, str]
    """The names that the schemas of the operations are filed under."""

    requests: Mapping[str, Member]
    acks: Mapping[str, Member]

    def requires(self, action: str, pointer: str) -> bool:
        """Say whether a member of a request has to be there."""
        return _required(self.requests[action], pointer)

    def replies(self, action: str, pointer: str) -> bool:
        """Say whether a member of the body of an ACK has to be there."""
        return _required(self.acks[action], pointer)


def folder() -> Path:
    """Find schemas/ in an installed wheel or, failing that, in the checkout."""
    root = Path(__file__).resolve().parent.parent
    installed = root / "beckn_conformance" / "schemas"
    return installed if installed.is_dir() else root / "schemas"


def load(path: Path | None = None) -> Specification:
    """Read the shapes from a folder of schemas; raises OSError or ValueError when it is none."""
    shelf = _Shelf(path or folder())
    rows = yaml.safe_load((shelf.path / "operations.yaml").read_text(encoding="utf-8"))
    keys = {row["action"]: row["key"] for row in rows}
    return Specification(
        keys,
        {action: shelf.member(f"{key}.request.json") for action, key in keys.items()},
        {action: shelf.member(f"{key}.ack.json") for action, key in keys.items()},
    )


def _required(shape: Member, pointer: str) -> bool:
    *path, last = pointer.split("/")[1:]
    for part in path:
        holder = shape.items if part == "*" else shape.members.get(part)
        if holder is None:
            return False
        shape = holder
    return last in shape.required


class _Shelf:
    """The schema files of one folder, each read once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[str, Json] = {}

    def member(self, reference: str, home: str = "") -> Member:
        """Read the schema that a reference names, seen from the file it stands in."""
        name, _, fragment = reference.partition("#")
        name = name or home
        if name not in self._files:
            self._files[name] = json.loads((self.path / name).read_text(encoding="utf-8"))
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
            fewest={**schema, **schema.get("x-should", {})}.get("minProperties", 0),
            items=self._read(schema["items"], home) if "items" in schema else None,
            malformed=schema.get("x-malformed", {}),
            variants=schema.get("x-variants", {}),
            limits=tuple(limits for limits in (schema, schema.get("x-should")) if limits is not None),
        )


def _either(choices: list[Member]) -> Member:
    """Join alternatives; only one of them has members or items, the others add types."""
    shape = next((choice for choice in choices if choice.types != {"null"}), choices[0])
    return Member(
        types=frozenset().union(*(choice.types for choice in choices)),
        members=shape.members,
        required=shape.required,
        fewest=shape.fewest,
        items=shape.items,
        malformed=shape.malformed,
        variants=shape.variants,
        limits=tuple(limits for choice in choices for limits in choice.limits),
    )
