"""Rows of the catalogue: operations, requirements, and the members they are about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import SpecificationError
from .validators import compile_schema


@dataclass(frozen=True, slots=True)
class Operation:
    """A call of the specification."""

    key: str
    """Name of its schema files, such as ``info-update``."""
    action: str
    """Value of its Action header, such as ``Provider/info/update``."""
    prefix: str = ""
    """First word of the ids of its requirements, such as ``UPDATE``."""
    section: str = ""
    """Section of the specification page, such as ``§3``."""
    replaces: str = ""
    """Pointer of the object of a registration whose members it gives the values that it is sent."""
    adds_to: str = ""
    """Pointer of the list of a registration that it adds items to."""

    @property
    def part(self) -> str:
        """Pointer of the part of a registration that it changes; empty if it changes nothing."""
        return self.replaces or self.adds_to

    @property
    def path(self) -> str:
        return "/" + self.action


@dataclass(frozen=True, slots=True)
class Selector:
    """Ties a requirement to members of a request and kinds of faults."""

    members: tuple[str, ...]
    strength: str
    """``must`` or ``should``: the border in the schemas that it concerns."""
    kinds: tuple[str, ...] = ()
    """Kinds of faults (``empty``, ``unknown`` …); none means every kind that no other requirement names."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A row of ``requirements.yaml``."""

    id: str
    section: str
    level: str
    basis: str
    reading: tuple[str, ...]
    title: str
    text: str
    operations: tuple[str, ...]
    """Actions of the exchanges that it applies to."""
    refuses: Selector | None = None
    accepts: Selector | None = None
    owns: tuple[str, ...] = ()
    """Members of the reply that it judges instead of the general requirement on the body."""
    needs: str = ""
    evidence: str = ""
    """``http`` if it shows in the HTTP message only: its URL, status, media type or time."""
    untestable: str = ""


def _requirement(row: Mapping[str, Any], actions: Mapping[str, str]) -> Requirement:
    values = dict(row)
    for key in ("refuses", "accepts"):
        if key in values:
            selector = values[key]
            values[key] = Selector(tuple(selector["members"]), selector["strength"], tuple(selector.get("kinds", ())))
    for key in ("reading", "owns"):
        values[key] = tuple(values.get(key, ()))
    try:
        values["operations"] = tuple(actions[name] for name in values["operations"])
        return Requirement(**values)
    except (KeyError, TypeError) as error:
        raise SpecificationError(f"requirements.yaml: {row.get('id', row)}: {error}") from error


def _check_catalogue(files: Mapping[str, Any]) -> None:
    """Validates requirements and readings against their own schema."""
    schema = files.get("catalogue.json")
    if not isinstance(schema, dict):
        raise SpecificationError("catalogue.json is missing")
    rows = files["requirements.yaml"]
    ids = Counter(str(row.get("id")) for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict))
    if twice := sorted(id_ for id_, number in ids.items() if number > 1):
        raise SpecificationError(f"requirements.yaml: more than one entry for {', '.join(twice)}")
    optional = [name for name in ("page", "description") if f"{name}.yaml" in files]
    for name in ("operations", "requirements", "readings", *optional):
        validator = compile_schema({"$ref": f"#/$defs/{name}", "$defs": schema.get("$defs")})
        rows = files.get(f"{name}.yaml")
        for error in validator.iter_errors(rows):
            place = [*error.instance_path]
            if isinstance(rows, list) and place and isinstance(entry := rows[place[0]], dict):
                place[0] = entry.get("id", place[0])
            said = "/".join(map(str, place)) or "the file"
            raise SpecificationError(f"{name}.yaml: {said}: {error.message[:300]}")
