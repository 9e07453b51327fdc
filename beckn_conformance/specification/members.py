"""Members of a request body, with all that the schemas say about their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ..errors import SpecificationError
from .pointer import parts_of
from .validators import compile_schema

ANY = "any"
"""Kind of all valid values of a member whose schema names no kinds."""


@dataclass(frozen=True)
class Borders:
    """Divides the values of a member into those that must, should and need not be accepted or refused."""

    pointer: str
    schema: Mapping[str, Any]
    scalar: bool

    @cached_property
    def _validators(self) -> dict[str, Any]:
        proper = {key: value for key, value in self.schema.items() if not key.startswith("x-")}
        if not self.scalar:
            proper = {"type": self.schema["type"]}
        return {
            "proper": compile_schema(proper),
            "x-safe of any length": compile_schema(
                {key: value for key, value in self.schema.get("x-safe", {}).items() if not key.endswith("Length")}
            ),
            **{
                key: compile_schema(self.schema[key])
                for key in ("x-safe", "x-safe-should", "x-should")
                if key in self.schema
            },
        }

    def tolerates(self, value: object) -> bool:
        """False for a value that a gateway MUST refuse."""
        return bool(self._validators["proper"].is_valid(value))

    def approves(self, value: object) -> bool:
        """False for a value that a gateway SHOULD refuse."""
        validator = self._validators.get("x-should")
        return validator is None or bool(validator.is_valid(value))

    def safe(self, value: object) -> bool:
        """True for a value that satisfies every reading, so that a gateway MUST accept it."""
        validator = self._validators.get("x-safe")
        return validator is None or bool(validator.is_valid(value))

    def nearly_safe(self, value: object) -> bool:
        """True for a value that a gateway SHOULD accept."""
        validator = self._validators.get("x-safe-should")
        return self.safe(value) or (validator is not None and bool(validator.is_valid(value)))

    def unusual(self, value: object) -> bool:
        """True for a text that satisfies every reading except in its length or, for the name of a document, in letters
        beyond ASCII or punctuation."""
        if not isinstance(value, str) or self.safe(value) or not self.tolerates(value) or not self.approves(value):
            return False
        plain = value
        if self.pointer.endswith("/*/name"):
            plain = "".join("a" if c in PUNCTUATION or (c.isalpha() and not c.isascii()) else c for c in value)
        return any(self._validators["x-safe of any length"].is_valid(text) for text in (value, plain))


@dataclass(frozen=True)
class Member:
    """One member of a request body.

    ``pointer`` is a JSON Pointer in which ``*`` stands for any index of a list.
    """

    pointer: str
    schema: Mapping[str, Any]
    required: bool
    nullable: bool
    omissible: bool = False
    """A gateway MUST accept a request without it: neither ``required`` nor ``required`` of the parent's ``x-safe``."""

    @property
    def name(self) -> str:
        return parts_of(self.pointer)[-1]

    @property
    def parent(self) -> str:
        return self.pointer.rsplit("/", 1)[0]

    @cached_property
    def type(self) -> str:
        """The expected JSON type, as ``json_type`` names it."""
        named = self.schema.get("type")
        if not isinstance(named, str):
            raise SpecificationError(f"{self.pointer}: a member of a request needs exactly one type besides null")
        return "number" if named == "integer" else named

    @property
    def scalar(self) -> bool:
        """True if its values have no members or items of their own."""
        return self.type not in ("object", "array")

    @cached_property
    def borders(self) -> Borders:
        """Which of its values must and should be accepted and refused."""
        return Borders(self.pointer, self.schema, self.scalar)

    @cached_property
    def properties(self) -> frozenset[str]:
        """Names of an object's members; empty for other types."""
        return frozenset(self.schema.get("properties", ()))

    @cached_property
    def filled(self) -> str | None:
        """Strength with which an object without members must be refused; None if it may be empty."""
        strengths = {"must": self.schema, "should": self.schema.get("x-should", {})}
        return next((strength for strength, schema in strengths.items() if "minProperties" in schema), None)

    @cached_property
    def named_faults(self) -> Mapping[str, tuple[str, str]]:
        """Name and strength of each faulty text in the schemas."""
        found: dict[str, tuple[str, str]] = {}
        for strength in ("must", "should"):
            for name, value in self.malformed(strength).items():
                if isinstance(value, str):
                    found.setdefault(value, (name, strength))
        return found

    @property
    def longest(self) -> int:
        """Characters of the longest text that must be accepted, if that is so long that a limit is likely; 0 if not."""
        longest: int = self.schema.get("x-safe", {}).get("maxLength", 0)
        return longest if longest > LONG else 0

    def malformed(self, strength: str) -> Mapping[str, Any]:
        """Returns named faulty values of the member's own type that must be refused with a given strength."""
        found: Mapping[str, Any] = self.schema.get("x-malformed" if strength == "must" else "x-should-malformed", {})
        return found

    def variants(self, strength: str) -> Mapping[str, str]:
        """Returns named kinds of valid values as patterns, each to be accepted; one kind for all if the schemas name
        none."""
        found: Mapping[str, str] = self.schema.get("x-variants" if strength == "must" else "x-variants-should", {})
        return {ANY: ""} if not found and strength == "must" and self.scalar else found


PUNCTUATION: Final = "&'(),"
"""What the name of a document may have besides what every reading allows."""
LONG: Final = 16 * 1024
"""Characters from which on a message may meet a limit on its way, so that a text of the full length is needed, too."""


def json_type(value: object) -> str:
    """Returns the JSON type of a decoded value, as JSON Schema names it; an integer is a number."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int() | float():
            return "number"
        case list():
            return "array"
    return "object"
