"""The specification page as the schemas and ``page.yaml`` make it, block by block."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ....specification.catalogue import Operation
from ....specification.members import Member
from ....specification.pointer import below, pattern_of
from ....specification.specification import Specification
from .facts import Facts, sentence
from .sentences import Sentence, split
from .shapes import shape

_SPECIAL = re.compile(r"[\\`*<>#|~&!]|(?<!\w)_|_(?!\w)|\[(?!\](?![(:\[]))")
"""What Markdown could take for a mark; ``[]`` alone and an underscore within a word are none."""
_NAME = re.compile(r"(\\?)`([a-z_]+)\1`")
"""A name of a configuration key or the like, perhaps escaped."""
LEVELS = {"M": "MUST", "S": "SHOULD", "R": "recorded only", "C": "declared in the configuration"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table of definitions."""

    member: Member
    key: str
    format: str
    example: str
    """``-`` for none."""
    definition: Sentence


@dataclass(frozen=True, slots=True)
class Slot:
    """One block of the page."""

    kind: str
    """``heading``, ``label``, ``text``, ``endpoint``, ``example`` or ``table``."""
    text: str = ""
    """Of a heading, a label or an endpoint; of a text, its Markdown; of an example, its JSON."""
    level: int = 0
    """Of a heading, 1 to 6."""
    part: str = ""
    """Of an example or a table, such as ``request`` or ``nack header``."""
    value: Any = None
    """Of an example."""
    rows: tuple[Row, ...] = ()
    sentences: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the page: what stands before the operations, an operation, or the readings."""

    operation: Operation | None
    slots: tuple[Slot, ...]

    @property
    def title(self) -> str:
        return self.slots[0].text

    @property
    def path(self) -> str:
        """The path of the operation; "" for none."""
        return self.operation.path if self.operation is not None else ""


@dataclass(frozen=True, slots=True)
class Expected:
    """The page as it should be."""

    facts: Facts
    opening: Area
    operations: tuple[Area, ...]
    interpretation: Area

    @property
    def areas(self) -> tuple[Area, ...]:
        return (self.opening, *self.operations, self.interpretation)


@lru_cache(maxsize=2)
def build(specification: Specification) -> Expected:
    """The page of a copy of schemas/; raises SpecificationError if they do not make one."""
    facts = Facts(specification)
    operations = []
    for operation in specification.operations:
        title = Slot("heading", facts.title(operation), facts.layout["title_level"])
        operations.append(Area(operation, (title, *_slots(facts, facts.layout["operation"], operation))))
    opening = Area(None, tuple(_slots(facts, facts.layout["opening"], None)))
    readings = Area(None, tuple(_interpretation(specification, facts.layout["interpretation"])))
    return Expected(facts, opening, tuple(operations), readings)


def file_of(key: str, part: str) -> str:
    """The schema of a part of an operation."""
    if part.endswith("header"):
        return "header.request.json" if part == "request header" else "header.reply.json"
    return f"{key}.{'request' if part == 'table' else part}.json"


def key_of(pointer: str) -> str:
    """A member's name in the tables: ``documents[].name`` for ``/documents/*/name``."""
    return pointer.removeprefix("/").replace("/*", "[]").replace("/", ".")


def _slots(facts: Facts, layout: Sequence[Mapping[str, Any]], operation: Operation | None) -> Iterator[Slot]:
    for entry in layout:
        if "heading" in entry:
            yield Slot("heading", entry["heading"], entry["level"])
        elif "label" in entry:
            yield Slot("label", entry["label"])
        elif "text" in entry:
            if rows := facts.paragraph(entry["text"], operation):
                yield Slot("text", " ".join(row["text"] for row in rows), sentences=tuple(map(sentence, rows)))
        elif operation is not None:
            yield _part(facts, entry["part"], operation)


def _part(facts: Facts, part: str, operation: Operation) -> Slot:
    if part == "endpoint":
        return Slot("endpoint", operation.path, part=part)
    if part == "table":
        return Slot("table", part=part, rows=tuple(_rows(facts, operation)))
    value = _value(facts, operation, part, "", {"$ref": file_of(operation.key, part)})
    return Slot("example", json.dumps(value, indent=2, ensure_ascii=False), part=part, value=value)


def _value(facts: Facts, operation: Operation, part: str, pointer: str, schema: Mapping[str, Any]) -> Any:
    found = shape(schema, facts.specification)
    if found.properties or "object" in found.types:
        return {
            name: _value(facts, operation, part, below(pointer, name), child)
            for name, child in found.properties.items()
            if facts.reading("unshown", operation, part, pattern_of(below(pointer, name))) is None
        }
    if found.items is not None:
        count = facts.length(operation, part, pointer)
        return [_value(facts, operation, part, below(pointer, n), found.items) for n in range(count)]
    return facts.shown(operation, part, pointer, found)[1]


def _rows(facts: Facts, operation: Operation) -> Iterator[Row]:
    for member in facts.specification.members(operation.action):
        if member.pointer.endswith("*"):
            continue
        if facts.reading("unlisted", operation, "table", member.pointer) is None:
            yield _row(facts, member)


def _row(facts: Facts, member: Member) -> Row:
    """The row of ``page.yaml``, or one made of the schema."""
    key = key_of(member.pointer)
    if (row := facts.rows.get(key)) is not None:
        return Row(member, key, row["format"], row["example"], sentence(row["definition"]))
    examples = [str(value) for value in member.schema.get("examples", ())]
    plain = {"object": "JSON Object", "array": "JSON Array", "string": "Plain text with UTF-8 encoding"}
    definition = Sentence(str(member.schema.get("title", member.name)))
    return Row(member, key, plain.get(member.type, member.type), (examples or ["-"])[0], definition)


def _interpretation(specification: Specification, heading: Mapping[str, Any]) -> Iterator[Slot]:
    """The readings, by section, as blocks of the page."""
    yield Slot("heading", heading["heading"], heading["level"])
    for rule in specification.files["readings.yaml"]["rules"]["principles"]:
        yield _paragraph(rule["title"], rule["text"], ())
    section = ""
    for number, reading in specification.readings.items():
        if reading["section"] != section:
            section = reading["section"]
            yield Slot("heading", section, heading["level"] + 1)
        yield Slot("heading", f"{number}: {reading['topic']}", heading["level"] + 2)
        for lead, name in (("Stated", "page"), ("Sent in tests", "sends"), ("Gateways", "accepts")):
            if reading[name]:
                yield _paragraph(lead, reading[name], (number,))
        if reading["level"]:
            levels = ", ".join(LEVELS[letter] for letter in reading["level"])
            yield _paragraph("Level", levels, (number,))


def _paragraph(lead: str, text: str, covered_by: tuple[str, ...]) -> Slot:
    text = " ".join(text.split())
    plain, shown = _NAME.sub(r"\2", text), _NAME.sub(r"`\2`", escaped(text))
    sentences = tuple(replace(found, covered_by=covered_by) for found in split(f"{lead}: {plain}"))
    return Slot("text", f"**{escaped(lead)}:** {shown}", sentences=sentences)


def escaped(text: str) -> str:
    """A text as Markdown that shows it as it is."""
    return _SPECIAL.sub(r"\\\g<0>", text)
