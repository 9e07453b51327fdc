"""Compares an example of a page with the schema of its part."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ....specification.catalogue import Operation
from ....specification.members import json_type
from ....specification.pointer import below, parts_of, pattern_of
from ....untrusted.text import brief
from .align import renamed
from .differences import Difference
from .expected import file_of
from .facts import Facts
from .json_example import Value
from .shapes import Shape, shape

_PLACEHOLDER = re.compile(r"<[^<>]*>|\{[^{}]*\}|\.\.\.|…|string|text", re.IGNORECASE)
_LITERAL = re.compile(r"[A-Z]{2,}([-_ ][A-Z]+)*")


class Example:
    """The comparison of one example; ``lines`` is where the page has each member, by pointer with ``*``."""

    def __init__(self, operation: Operation, part: str, facts: Facts) -> None:
        self._operation = operation
        self._part = part
        self._facts = facts
        self._specification = facts.specification
        self._file = file_of(operation, part)
        self._found: dict[tuple[str, str], Difference] = {}
        """By pointer with ``*`` and text, so that what all items of a list share is told once."""
        self._own: set[str] = set()
        """Pointers of values that the page has in place of the placeholder or the sample of the schemas."""
        self.lines: dict[str, int] = {}

    def differences(self, value: Value, due: Any) -> list[Difference]:
        """How an example differs from the one that is due."""
        schema = {"$ref": self._file}
        self._value("", value, due, schema)
        self._hold(value, self._filled("", value, due, schema))
        return list(self._found.values())

    def _tell(self, line: int, pointer: str, text: str) -> None:
        pattern = pattern_of(pointer)
        pointers = (pattern,) if pattern else ()
        difference = Difference("drift", line, self._operation.action, self._part, pointers, text)
        self._found.setdefault((pattern, text), difference)

    def _value(self, pointer: str, value: Value, due: Any, schema: Mapping[str, Any]) -> None:
        self.lines.setdefault(pattern_of(pointer), value.line)
        found = shape(schema, self._specification)
        type_, wanted = json_type(value.value), json_type(due)
        if type_ == "null" and "null" in found.types:
            return
        if type_ != wanted:
            also = " (the schemas allow both)" if type_ in found.types else ""
            self._tell(value.line, pointer, f"{_article(type_)} where the schemas have {_article(wanted)}{also}")
        elif type_ == "object":
            self._members(pointer, value, due, found)
        elif type_ == "array":
            self._items(pointer, value, due, found)
        else:
            self._scalar(pointer, value, found)

    def _members(self, pointer: str, value: Value, due: Mapping[str, Any], found: Shape) -> None:
        for name, old in renamed(list(value.members), list(due)):
            if name is None:
                self._tell(value.line, below(pointer, old), "in the schemas, and not on the page")
                continue
            text = "a member that the schemas do not have" if old is None else f"in place of {old!r}"
            row = self._facts.reading("unshown", self._operation, self._part, pattern_of(below(pointer, name)))
            if name in found.properties and row is not None:
                text = f"a new member; {row['reading']} has it as not shown"
            self._tell(value.members[name].line, below(pointer, name), text)
        for name, child in due.items():
            if name in value.members:
                self._value(below(pointer, name), value.members[name], child, found.properties[name])

    def _items(self, pointer: str, value: Value, due: Sequence[Any], found: Shape) -> None:
        if found.items is None:
            return
        if not value.items:
            self._tell(value.line, pointer, "an empty list, where the schemas have items")
        for number, item in enumerate(value.items):
            self._value(below(pointer, number), item, due[min(number, len(due) - 1)], found.items)
        if value.items and any(item not in due[: len(value.items)] for item in due):
            text = f"{len(value.items)} of {len(due)} items, which show different literals"
            self._tell(value.line, pointer, text)

    def _scalar(self, pointer: str, value: Value, found: Shape) -> None:
        literal, due = self._facts.shown(self._operation, self._part, pointer, found)
        fits = found.literals is None or value.value in found.literals
        allowed = "" if fits else f"; the schemas allow {_listed(found.literals or ())}"
        if value.value == due:
            if literal and allowed:
                self._tell(value.line, pointer, _quoted(due) + allowed)
        elif literal or self._is_literal(pointer, value.value):
            self._tell(value.line, pointer, f"{_quoted(value.value)} in place of {_quoted(due)}{allowed}")
        elif allowed:
            self._tell(value.line, pointer, f"{_quoted(value.value)}{allowed} only")

    def _is_literal(self, pointer: str, value: object) -> bool:
        """True if a value looks like a literal, in a member whose name shows literals elsewhere, as ``status`` does."""
        return pointer.rsplit("/", 1)[-1] in self._facts.literal_names and _LITERAL.fullmatch(str(value)) is not None

    # Whether the values fit.

    def _filled(self, pointer: str, value: Value | None, due: Any, schema: Mapping[str, Any]) -> Any:
        """The example that is due, with samples of the schemas for placeholders and the values of the page."""
        found = shape(schema, self._specification)
        if isinstance(due, dict):
            members = value.members if value is not None else {}
            return {
                name: self._filled(below(pointer, name), members.get(name), child, found.properties[name])
                for name, child in due.items()
            }
        if isinstance(due, list) and found.items is not None:
            items = value.items if value is not None and value.items else [None] * len(due)
            return [
                self._filled(below(pointer, number), item, due[min(number, len(due) - 1)], found.items)
                for number, item in enumerate(items)
            ]
        literal, shown = self._facts.shown(self._operation, self._part, pointer, found)
        if literal:
            return shown
        own = value.value if value is not None else shown
        if own == shown or json_type(own) != json_type(shown) or _PLACEHOLDER.fullmatch(str(own)):
            return next(iter(found.samples), shown)
        self._own.add(pointer)
        return own

    def _hold(self, value: Value, body: Any) -> None:
        """Tells the values of the page that the schemas refuse, and what is wrong with the example as a whole."""
        refused: set[str] = set()
        for error in self._specification.schemas.validator(self._file).iter_errors(body):
            pointer = below("", *error.instance_path)
            line = _at(value, pointer).line
            if pointer in self._own:
                refused.add(pointer)
                self._tell(line, pointer, f"{_quoted(error.instance)}, which the schemas refuse")
            elif isinstance(error.instance, dict | list):
                self._tell(line, "", f"the example is not valid: {brief(error.message)}")
        members = self._specification.members(self._operation.action) if self._part == "request" else ()
        approves = {member.pointer: member.borders.approves for member in members}
        for pointer in sorted(self._own - refused):
            own = _at(value, pointer)
            if not approves.get(pattern_of(pointer), _is_possible)(own.value):
                self._tell(own.line, pointer, f"{_quoted(own.value)}, which a gateway should refuse")


def _is_possible(value: object) -> bool:
    """False for a date that is not in the calendar, in the notation of the Timestamp."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", value):
        return True
    try:
        datetime.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _at(value: Value, pointer: str) -> Value:
    """The value that a pointer leads to, or the last one on the way that is there."""
    for step in parts_of(pointer):
        if step in value.members:
            value = value.members[step]
        elif step.isdigit() and int(step) < len(value.items):
            value = value.items[int(step)]
        else:
            break
    return value


def _article(type_: str) -> str:
    return f"{'an' if type_[:1] in 'aeiou' else 'a'} {type_}"


def _quoted(value: Any) -> str:
    return repr(brief(value)) if isinstance(value, str) else brief(str(value))


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(_quoted, values))
