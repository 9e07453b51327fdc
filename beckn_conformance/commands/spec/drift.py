"""Compares the specification page with schemas/, and tells drift from differences that a reading settles.

Compared are endpoints, headings, examples (their members, types and literals, and whether they are valid) and the
tables (rows, data types, formats, examples). What only a reader can compare, running text and the definitions in the
tables, is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from ...errors import SpecificationError
from ...specification.catalogue import Operation
from ...specification.members import Member, json_type
from ...specification.pointer import below, parts_of
from ...specification.specification import Specification
from ...untrusted.text import brief
from .prose_page import Block, Row, Value, blocks, example
from .sections import Section, lay_out

PARTS = {
    "request header": "request header",
    "request": "request body",
    "table": "table",
    "ack header": "ACK header",
    "ack": "ACK body",
    "nack header": "NACK header",
    "nack": "NACK body",
}
"""The parts of a section, as they are printed."""

SETTLED = {
    "unshown": "in the schemas, and not on the page",
    "optional": "on the page, and optional in the schemas",
    "types": "of other types as well in the schemas",
    "values": "more literals in the schemas than on the page",
    "unlisted": "in the request, and without a row in the table",
    "example": "an example on the page that nobody has to accept",
    "format": "a format on the page that the schemas do not ask for",
}
"""What can be settled by a reading, as it is told."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between page and schemas."""

    kind: str
    """``drift``, ``typing error`` or ``settled``."""
    line: int
    operation: str
    """Action of the operation; "" for what concerns none."""
    part: str
    pointers: tuple[str, ...]
    text: str
    reading: str = ""

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    def line_of(self, page: str) -> str:
        where = " ".join(filter(None, (self.operation, PARTS.get(self.part, ""), ", ".join(self.pointers))))
        settled = f"settled by {self.reading}: " if self.reading else ""
        note = "" if self.kind == "drift" else "note: "
        error = "typing error: " if self.kind == "typing error" else ""
        return f"{page}:{self.line}: {note}{settled}{error}{where}{': ' if where else ''}{self.text}"


@dataclass(frozen=True, slots=True)
class Drift:
    """How a page and the schemas differ."""

    page: str
    differences: tuple[Difference, ...]

    @property
    def drifted(self) -> bool:
        """Whether anything differs that no reading settles; typing errors do not count."""
        return any(difference.kind == "drift" for difference in self.differences)

    def to_json(self) -> dict[str, Any]:
        return {"page": self.page, "drifted": self.drifted, "differences": [d.to_json() for d in self.differences]}

    def lines(self) -> Iterator[str]:
        """Each difference as a line, drift first, and how many there are."""
        kinds = ("drift", "typing error", "settled")
        for kind in kinds:
            yield from (d.line_of(self.page) for d in self.differences if d.kind == kind)
        drift, errors, settled = (sum(d.kind == kind for d in self.differences) for kind in kinds)
        yield (
            f"{self.page}: {drift or 'no'} difference{'' if drift == 1 else 's'} from the schemas, {errors} typing "
            f"error{'' if errors == 1 else 's'}, {settled} settled by readings"
        )


def compare(name: str, text: str, specification: Specification) -> Drift:
    """Holds the text of a page against the schemas; raises UsageError for a page in another layout."""
    facts = _facts(specification)
    sections, departures = lay_out(blocks(text), facts["layout"], specification.operations)
    found = [Difference("drift", d.line, d.operation, "", (), d.text) for d in departures]
    for section in sections:
        if section.operation is not None:
            found += _Comparison(section, section.operation, facts, specification).differences()
    found += _unknown_actions(specification)
    return Drift(name, tuple(sorted(found, key=lambda d: (d.line, d.operation))))


def _facts(specification: Specification) -> Mapping[str, Any]:
    facts: Mapping[str, Any] | None = specification.files.get("page.yaml")
    if facts is None:
        raise SpecificationError(f"{specification.folder} holds no page.yaml, which says what the page said")
    for error in specification.validator("catalogue.json#/$defs/page").iter_errors(facts):
        place = "/".join(map(str, error.instance_path))
        raise SpecificationError(f"page.yaml: {place or 'the file'}: {error.message[:300]}")
    for row in facts["settled"]:
        if row["reading"] not in specification.readings:
            raise SpecificationError(f"page.yaml cites {row['reading']}, which readings.yaml does not have")
    return facts


def _unknown_actions(specification: Specification) -> Iterator[Difference]:
    """Actions that the schemas of headers have and no other schema."""
    known = {operation.action for operation in specification.operations}
    for action in specification.files["header.request.json"]["properties"]["Action"]["enum"]:
        if action not in known:
            yield Difference("drift", 1, action, "", (), f"endpoint /{action} of the schemas is missing")


@dataclass(frozen=True)
class _Shape:
    """What a schema allows in one place, its alternatives taken together."""

    types: frozenset[str]
    properties: Mapping[str, Mapping[str, Any]]
    required: frozenset[str]
    items: Mapping[str, Any] | None
    literals: tuple[Any, ...] | None
    """The values of const or enum; None where any value of the type will do."""


class _Comparison:
    """Holds one section of the page against the schemas of its operation."""

    def __init__(
        self, section: Section, operation: Operation, facts: Mapping[str, Any], specification: Specification
    ) -> None:
        self._section = section
        self._operation = operation
        self._facts = facts
        self._specification = specification
        self._found: list[Difference] = []
        self._settleable: dict[tuple[str, str, str], int] = {}
        """Line of what a reading may settle, by difference, part and pointer."""
        self._literals: dict[str, list[Any]] = {}
        """What the example at hand shows, by pointer."""
        self._examples: dict[str, Value] = {}
        self._placeholders: dict[str, set[str]] = {part: set() for part in PARTS}
        """Where an example shows what stands for any value, by part."""

    def differences(self) -> list[Difference]:
        for part, block in self._section.parts.items():
            if part == "table":
                self._table(block)
            elif part != "endpoint":
                self._example(part, block)
        self._settle()
        drifted = {found.part for found in self._found if found.kind == "drift"}
        for part, value in self._examples.items():
            if part not in drifted:
                self._valid(part, value)
        return self._found

    def _drift(self, line: int, part: str, pointer: str, text: str) -> None:
        pointers = (pointer,) if pointer else ()
        self._found.append(Difference("drift", line, self._operation.action, part, pointers, text))

    # Examples.

    def _file(self, part: str) -> str:
        if part.endswith("header"):
            return "header.request.json" if part == "request header" else "header.reply.json"
        return f"{self._operation.key}.{part}.json"

    def _example(self, part: str, block: Block) -> None:
        value, mistakes = example(block)
        for mistake in mistakes:
            kind = "typing error" if mistake.mended else "drift"
            self._found.append(Difference(kind, mistake.line, self._operation.action, part, (), mistake.text))
        if value is None:
            return
        self._literals.clear()
        self._examples[part] = value
        self._value(part, "", "", value, {"$ref": self._file(part)})

    def _value(self, part: str, pointer: str, exact: str, value: Value, schema: Mapping[str, Any]) -> None:
        shape = self._shape(schema)
        type_ = json_type(value.value)
        if type_ not in shape.types:
            due = " or ".join(sorted(shape.types - {"null"}))
            self._drift(value.line, part, pointer, f"{_article(type_)} where the schemas have {_article(due)}")
            return
        if shape.types - {type_, "null"}:
            self._may_be_settled("types", part, pointer, value.line)
        if type_ == "object":
            self._members(part, pointer, exact, value, shape)
        elif type_ == "array":
            self._items(part, pointer, exact, value, shape)
        else:
            self._scalar(part, pointer, exact, value, shape)

    def _members(self, part: str, pointer: str, exact: str, value: Value, shape: _Shape) -> None:
        missing = [name for name in shape.properties if name not in value.members]
        extra = [name for name in value.members if name not in shape.properties]
        # What a reading settles as not shown has no part in a renaming.
        candidates = [name for name in missing if self._reading("unshown", part, below(pointer, name)) is None]
        file = self._file(part)
        for name, old in _renamed(extra, candidates, list(value.members), list(shape.properties)):
            line = value.members[name].line
            if old is None:
                self._drift(line, part, below(pointer, name), f"a member that {file} does not have")
            else:
                missing.remove(old)
                self._drift(line, part, below(pointer, name), f"in place of {old!r} of {file}")
        for name in missing:
            self._may_be_settled("unshown", part, below(pointer, name), value.line)
        for name, member in value.members.items():
            if name in shape.properties:
                child = shape.properties[name]
                if (row := self._reading("unshown", part, below(pointer, name))) is not None:
                    text = f"a new member; {row['reading']} has it as not shown"
                    self._drift(member.line, part, below(pointer, name), text)
                    continue
                if name not in shape.required or "null" in self._shape(child).types:
                    self._may_be_settled("optional", part, below(pointer, name), member.line)
                self._value(part, below(pointer, name), below(exact, name), member, child)

    def _items(self, part: str, pointer: str, exact: str, value: Value, shape: _Shape) -> None:
        if shape.items is None:
            return
        if not value.items:
            self._drift(value.line, part, pointer, "an empty list, where the schemas have items")
        for number, item in enumerate(value.items):
            self._value(part, f"{pointer}/*", f"{exact}/{number}", item, shape.items)

    def _scalar(self, part: str, pointer: str, exact: str, value: Value, shape: _Shape) -> None:
        literal, due = self._shown(part, pointer, exact)
        allowed = shape.literals
        if literal:
            self._literals.setdefault(pointer, []).append(value.value)
        if value.value != due:
            known = allowed is None or value.value in allowed or part == "request header"
            refused = "" if known else f"; the schemas allow {_listed(allowed or ())}"
            self._drift(value.line, part, pointer, f"{_quoted(value.value)} in place of {_quoted(due)}{refused}")
        elif literal and (allowed is None or value.value not in allowed):
            others = "any value" if allowed is None else _listed(allowed)
            self._drift(value.line, part, pointer, f"{_quoted(value.value)}; the schemas allow {others}")
        elif not literal and allowed is not None:
            self._drift(value.line, part, pointer, f"the schemas allow {_listed(allowed)} only")
        elif literal and allowed is not None and not part.endswith("header"):
            # A header has one schema for all operations and for ACK and NACK alike.
            rest = [other for other in allowed if other not in self._literals[pointer]]
            self._settleable.pop(("values", part, pointer), None)
            if rest:
                self._may_be_settled("values", part, pointer, value.line)

    def _shown(self, part: str, pointer: str, exact: str) -> tuple[bool, Any]:
        """Whether the page had a literal in this place, and what it had."""
        if part == "request header" and pointer == "/Action":
            return True, self._operation.action
        row = next(
            row
            for row in reversed(self._facts["shown"])
            if self._operation.key in row.get("operations", (self._operation.key,))
            and part in row.get("parts", (part,))
            and pointer in row.get("pointers", (pointer,))
        )
        if "placeholder" in row:
            return False, row["placeholder"]
        literals = row["literal"] if isinstance(row["literal"], list) else [row["literal"]]
        place = next((int(step) for step in reversed(exact.split("/")) if step.isdigit()), 0)
        return True, literals[min(place, len(literals) - 1)]

    def _valid(self, part: str, value: Value) -> None:
        """Holds an example against its schema as a whole, with samples of the schemas for its placeholders."""
        body = self._filled(part, "", "", value.value, {"$ref": self._file(part)})
        for error in self._specification.validator(self._file(part)).iter_errors(body):
            exact = "".join(f"/{step}" for step in error.instance_path)
            if exact not in self._placeholders[part]:
                text = f"the example is not valid: {brief(error.message)}"
                self._drift(_line_at(value, error.instance_path), part, "", text)

    def _filled(self, part: str, pointer: str, exact: str, value: Any, schema: Mapping[str, Any]) -> Any:
        shape = self._shape(schema)
        if isinstance(value, dict):
            return {
                name: self._filled(part, below(pointer, name), below(exact, name), child, shape.properties[name])
                for name, child in value.items()
            }
        if isinstance(value, list) and shape.items is not None:
            items = enumerate(value)
            return [self._filled(part, f"{pointer}/*", f"{exact}/{n}", item, shape.items) for n, item in items]
        if not self._shown(part, pointer, exact)[0]:
            self._placeholders[part].add(exact)
            samples = (option.get("examples", ()) for option in _options(schema, self._specification))
            return next((sample for listed in samples for sample in listed), value)
        return value

    def _shape(self, schema: Mapping[str, Any]) -> _Shape:
        types: set[str] = set()
        properties: dict[str, Mapping[str, Any]] = {}
        required: frozenset[str] = frozenset()
        items: Mapping[str, Any] | None = None
        literals: tuple[Any, ...] | None = None
        for option in _options(schema, self._specification):
            given = option.get("type", ())
            types |= {given} if isinstance(given, str) else set(given)
            properties |= option.get("properties", {})
            required |= frozenset(option.get("required", ()))
            items = option.get("items", items)
            if "const" in option or "enum" in option:
                literals = (option["const"],) if "const" in option else tuple(option["enum"])
                types |= {json_type(literal) for literal in literals}
        return _Shape(frozenset(types), properties, required, items, literals)

    # The table.

    def _table(self, block: Block) -> None:
        places = self._columns(block)
        members = {
            _key(member.pointer): member
            for member in self._specification.members(self._operation.action)
            if not member.pointer.endswith("*")
        }
        rows: dict[str, Row] = {}
        for row in block.rows:
            key = _cell(row, places, "Key")
            if key in rows:
                self._drift(row.line, "table", "", f"a second row for {key!r}")
            rows[key] = row
        missing = [key for key in members if key not in rows]
        candidates = [key for key in missing if self._reading("unlisted", "table", members[key].pointer) is None]
        extra = [key for key in rows if key not in members]
        for key, old in _renamed(extra, candidates, list(rows), list(members)):
            if old is None:
                text = f"a row for {key!r}, which {self._file('request')} does not have"
            else:
                missing.remove(old)
                text = f"a row for {key!r} in place of {old!r}"
            self._drift(rows[key].line, "table", "", text)
        for key in missing:
            self._may_be_settled("unlisted", "table", members[key].pointer, block.line)
        for key, row in rows.items():
            if key not in members:
                continue
            if self._reading("unlisted", "table", members[key].pointer) is not None or key not in self._facts["rows"]:
                self._drift(row.line, "table", "", f"a new row for {key!r}")
            else:
                self._row(row, places, members[key], self._facts["rows"][key])

    def _columns(self, block: Block) -> Mapping[str, int]:
        """Place of each column; one of another name stands in for that in its place."""
        due, columns = self._facts["columns"], block.columns
        places: dict[str, int] = {}
        for _, first, last, start, end in SequenceMatcher(None, columns, due, autojunk=False).get_opcodes():
            for number in range(max(last - first, end - start)):
                here, there = first + number < last, start + number < end
                if here and there:
                    places[due[start + number]] = first + number
                name = columns[first + number] if here else ""
                old = due[start + number] if there else ""
                if name and not old:
                    self._drift(block.line, "table", "", f"a new column {name!r}")
                elif old and not here:
                    self._drift(block.line, "table", "", f"column {old!r} is missing")
                elif name != old:
                    self._drift(block.line, "table", "", f"column {name!r} in place of {old!r}")
        return places

    def _row(self, row: Row, places: Mapping[str, int], member: Member, fact: Mapping[str, str]) -> None:
        key = _cell(row, places, "Key")
        if "Data Type" in places:
            type_ = _cell(row, places, "Data Type")
            if type_.casefold() != member.type:
                self._drift(row.line, "table", "", f"{key}: data type {type_!r}, and {member.type!r} in the schemas")
        for column in ("Format", "Example"):
            due, said = fact[column.lower()], _cell(row, places, column)
            if column not in places:
                continue
            if said != due:
                refused = column == "Example" and said != "-" and not member.tolerates(said)
                text = f"{key}: {column.lower()} {said!r} in place of {due!r}"
                self._drift(row.line, "table", "", f"{text}; the schemas refuse it" if refused else text)
            elif column == "Format":
                self._format(row, key, member, due)
            elif due != "-" and not member.tolerates(due):
                self._drift(row.line, "table", "", f"{key}: the schemas refuse the example {due!r}")
            elif due != "-" and not member.safe(due):
                self._may_be_settled("example", "table", member.pointer, row.line)

    def _format(self, row: Row, key: str, member: Member, text: str) -> None:
        asked = self._facts["formats"][text]
        if asked == "border":
            if {"pattern", "format", "enum", "const"}.isdisjoint(member.schema):
                self._may_be_settled("format", "table", member.pointer, row.line)
        elif asked != member.type:
            self._drift(row.line, "table", "", f"{key}: format {text!r}, and the type {member.type!r} in the schemas")

    # What readings settle.

    def _may_be_settled(self, difference: str, part: str, pointer: str, line: int) -> None:
        self._settleable.setdefault((difference, part, pointer), line)

    def _reading(self, difference: str, part: str, pointer: str) -> Mapping[str, Any] | None:
        """The entry that settles a difference, if one does."""
        for row in self._facts["settled"]:
            if (
                row["difference"] == difference
                and self._operation.key in row["operations"]
                and part in row["parts"]
                and any(_within(pointer, place) for place in row["pointers"])
            ):
                found: Mapping[str, Any] = row
                return found
        return None

    def _settle(self) -> None:
        """Makes one difference of all that an entry settles, drift of what none settles, and of an entry for naught."""
        drifted = [(d.part, pointer) for d in self._found if d.kind == "drift" for pointer in d.pointers or ("",)]
        groups: dict[int, list[tuple[str, str, int]]] = {}
        for (difference, part, pointer), line in self._settleable.items():
            row = self._reading(difference, part, pointer)
            if row is None:
                self._drift(line, part, pointer, SETTLED[difference])
            else:
                groups.setdefault(id(row), []).append((part, pointer, line))
        for row in self._facts["settled"]:
            if self._operation.key not in row["operations"]:
                continue
            covered = groups.get(id(row), [])
            if covered:
                part, text = row["parts"][0], SETTLED[row["difference"]]
                pointers = tuple(pointer for _, pointer, _ in covered)
                line = min(line for *_, line in covered)
                found = Difference("settled", line, self._operation.action, part, pointers, text, row["reading"])
                self._found.append(found)
            self._superfluous(row, [pointer for _, pointer, _ in covered], drifted)

    def _superfluous(self, row: Mapping[str, Any], covered: Sequence[str], drifted: Sequence[tuple[str, str]]) -> None:
        """What an entry settles and is no difference any more, unless other drift is why."""
        (part,) = row["parts"]
        if part not in self._section.parts:
            return
        for place in row["pointers"]:
            if any(_within(pointer, place) for pointer in covered):
                continue
            if any(
                part == other and (_within(place, pointer) or _within(pointer, place)) for other, pointer in drifted
            ):
                continue
            text = f"no longer {SETTLED[row['difference']]}, as {row['reading']} settles"
            line = self._line_of(part, place)
            self._drift(line, part, place, text)

    def _line_of(self, part: str, pointer: str) -> int:
        block = self._section.parts[part]
        if part == "table":
            return next((row.line for row in block.rows if row.cells[0] == _key(pointer)), block.line)
        value = example(block)[0]
        return _line_at(value, list(parts_of(pointer))) if value is not None else block.line


def _options(schema: Mapping[str, Any], specification: Specification) -> Iterator[Mapping[str, Any]]:
    """A schema without references; of alternatives, each."""
    if "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**specification.target(schema["$ref"]), **rest}
        yield from _options(schema, specification)
    elif "anyOf" in schema:
        for option in schema["anyOf"]:
            yield from _options(option, specification)
    else:
        yield schema


def _renamed(
    extra: Sequence[str], missing: Sequence[str], here: Sequence[str], there: Sequence[str]
) -> Iterator[tuple[str, str | None]]:
    """Each name that is not known, with the known one in whose place it stands, if there is one.

    A name stands in for another between the same neighbours.
    """
    free = list(missing)
    for _, first, last, start, end in SequenceMatcher(None, here, there, autojunk=False).get_opcodes():
        for name in here[first:last]:
            if name in extra:
                old = next((other for other in there[start:end] if other in free), None)
                if old is not None:
                    free.remove(old)
                yield name, old


def _key(pointer: str) -> str:
    """A member's name in the tables: ``documents[].name`` for ``/documents/*/name``."""
    return pointer.removeprefix("/").replace("/*", "[]").replace("/", ".")


def _cell(row: Row, places: Mapping[str, int], column: str) -> str:
    place = places.get(column)
    return row.cells[place] if place is not None and place < len(row.cells) else ""


def _within(pointer: str, place: str) -> bool:
    return pointer == place or pointer.startswith(f"{place}/")


def _line_at(value: Value, path: Sequence[Any]) -> int:
    """The line of what a path leads to, or of the last on the way that is there."""
    for step in map(str, path):
        if step in value.members:
            value = value.members[step]
        elif value.items:
            value = value.items[int(step) if step.isdigit() and int(step) < len(value.items) else 0]
        else:
            break
    return value.line


def _article(type_: str) -> str:
    return f"{'an' if type_[:1] in 'aeiou' else 'a'} {type_}"


def _quoted(value: Any) -> str:
    return repr(value) if isinstance(value, str) else brief(str(value))


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(_quoted, values))
