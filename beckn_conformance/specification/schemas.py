"""The JSON Schemas of the messages: their references, validators and members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import SpecificationError
from .members import Member
from .pointer import MISSING, below, member
from .validators import BASE, compile_schema


def followed(files: Mapping[str, Any], reference: Any, base: str) -> tuple[str, str, Any]:
    """Follows a $ref in the file ``base``: file, pointer and value; raises SpecificationError if nothing is there."""
    if not isinstance(reference, str):
        raise SpecificationError(f"{base}: the reference {str(reference)[:80]} is not text")
    name, _, pointer = reference.partition("#")
    value = member(files.get(name or base, MISSING), pointer)
    if value == MISSING:
        raise SpecificationError(f"{base}: the reference {reference[:200]} leads nowhere")
    return name or base, pointer, value


@dataclass(frozen=True)
class Schemas:
    """The schemas of a folder."""

    folder: Path
    files: Mapping[str, Any]
    _validators: dict[str, Any] = field(default_factory=dict, repr=False)

    def validator(self, reference: str) -> Any:
        """Returns the validator of a schema, such as ``get.ack.json`` or ``catalogue.json#/$defs/page``."""
        if reference not in self._validators:
            self._validators[reference] = compile_schema({"$ref": BASE + reference}, self.files)
        return self._validators[reference]

    def target(self, reference: str) -> Mapping[str, Any]:
        """Resolves a $ref into any of the files, or within common.json."""
        return dict(followed(self.files, reference, "common.json")[2])

    def resolve(self, schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
        """Follows $ref, and anyOf with one alternative to null; returns the schema, and whether null is allowed."""
        nullable = False
        while True:
            if "$ref" in schema:
                schema = {**self.target(schema["$ref"]), **{k: v for k, v in schema.items() if k != "$ref"}}
            elif "anyOf" in schema:
                options = [o for o in schema["anyOf"] if isinstance(o, dict) and o.get("type") != "null"]
                nullable = len(schema["anyOf"]) > len(options)
                if len(options) != 1:
                    return schema, nullable
                (chosen,) = options
                schema = {**chosen, **{k: v for k, v in schema.items() if k != "anyOf"}}
            else:
                return schema, nullable

    def members(self, file: str) -> tuple[Member, ...]:
        """Returns the members of the body in a file, parents first."""
        return tuple(self._walk(self.files[file], ""))

    def _walk(self, schema: Mapping[str, Any], pointer: str) -> Iterator[Member]:
        schema, _ = self.resolve(schema)
        required = schema.get("required", ())
        needed = (*required, *schema.get("x-safe", {}).get("required", ()))
        for name, child in schema.get("properties", {}).items():
            resolved, nullable = self.resolve(child)
            yield Member(below(pointer, name), resolved, name in required, nullable, name not in needed)
            yield from self._walk(resolved, below(pointer, name))
        if "items" in schema:
            resolved, nullable = self.resolve(schema["items"])
            yield Member(f"{pointer}/*", resolved, False, nullable)
            yield from self._walk(resolved, f"{pointer}/*")
