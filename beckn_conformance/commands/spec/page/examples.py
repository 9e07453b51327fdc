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
from ....untrusted.yaml_text import Node
from .align import renamed
from .differences import Difference
from .expected import file_of
from .facts import Facts
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
        self._file = file_of(operation.key, part)
        self._found: dict[tuple[str, str], Difference] = {}
        """By pointer with ``*`` and text, so that what all items of a list share is told once."""
        self._own: set[str] = set()
        """Pointers of values that the page has in place of the placeholder or the sample of the schemas."""
        self.lines: dict[str, int] = {}

    def differences(self, node: Node, due: Any) -> list[Difference]:
        """How an example differs from the one that is due."""
        self._hold(node, self._value("", node, due, {"$ref": self._file}))
        return list(self._found.values())

    def _tell(self, line: int, pointer: str, text: str) -> None:
        pattern = pattern_of(pointer)
        pointers = (pattern,) if pattern else ()
        difference = Difference("drift", line, self._operation.action, self._part, pointers, text)
        self._found.setdefault((pattern, text), difference)

    def _value(self, pointer: str, node: Node | None, due: Any, schema: Mapping[str, Any]) -> Any:
        """Tells how a value differs; returns it, with what is due for what is missing and samples for placeholders."""
        found = shape(schema, self._specification)
        if node is not None:
            self.lines.setdefault(pattern_of(pointer), node.line)
            type_, wanted = json_type(node.value), json_type(due)
            if type_ != wanted:
                if type_ != "null" or "null" not in found.types:
                    also = " (the schemas allow both)" if type_ in found.types else ""
                    text = f"{_article(type_)} where the schemas have {_article(wanted)}{also}"
                    self._tell(node.line, pointer, text)
                node = None
        if isinstance(due, dict):
            return self._members(pointer, node, due, found)
        if isinstance(due, list) and found.items is not None:
            return self._items(pointer, node, due, found.items)
        return self._scalar(pointer, node, found)

    def _members(self, pointer: str, node: Node | None, due: Mapping[str, Any], found: Shape) -> dict[str, Any]:
        members = node.children if node is not None else {}
        for name, old in renamed([*members], [*due]):
            if name is not None:
                text = "a member that the schemas do not have" if old is None else f"in place of {old!r}"
                row = self._facts.reading("unshown", self._operation, self._part, pattern_of(below(pointer, name)))
                if name in found.properties and row is not None:
                    text = f"a new member; {row['reading']} has it as not shown"
                self._tell(members[name].line, below(pointer, name), text)
            elif node is not None:
                self._tell(node.line, below(pointer, old), "in the schemas, and not on the page")
        return {
            name: self._value(below(pointer, name), members.get(name), child, found.properties[name])
            for name, child in due.items()
        }

    def _items(self, pointer: str, node: Node | None, due: Sequence[Any], schema: Mapping[str, Any]) -> list[Any]:
        items = [*node.children.values()] if node is not None else []
        if node is not None and not items:
            self._tell(node.line, pointer, "an empty list, where the schemas have items")
        if node is not None and items and any(item not in due[: len(items)] for item in due):
            text = f"{len(items)} of {len(due)} items, which show different literals"
            self._tell(node.line, pointer, text)
        return [
            self._value(below(pointer, number), item, due[min(number, len(due) - 1)], schema)
            for number, item in enumerate(items or [None] * len(due))
        ]

    def _scalar(self, pointer: str, node: Node | None, found: Shape) -> Any:
        literal, due = self._facts.shown(self._operation, self._part, pointer, found)
        sample = due if literal else next(iter(found.samples), due)
        if node is None:
            return sample
        value = node.value
        fits = found.literals is None or value in found.literals
        allowed = "" if fits else f"; the schemas allow {_listed(found.literals or ())}"
        if value == due:
            if literal and allowed:
                self._tell(node.line, pointer, _quoted(due) + allowed)
        elif literal or self._is_literal(pointer, value):
            self._tell(node.line, pointer, f"{_quoted(value)} in place of {_quoted(due)}{allowed}")
        elif allowed:
            self._tell(node.line, pointer, f"{_quoted(value)}{allowed} only")
        if literal or value == due or _PLACEHOLDER.fullmatch(str(value)):
            return sample
        self._own.add(pointer)
        return value

    def _is_literal(self, pointer: str, value: object) -> bool:
        """True if a value looks like a literal, in a member whose name shows literals elsewhere, as ``status`` does."""
        return pointer.rsplit("/", 1)[-1] in self._facts.literal_names and _LITERAL.fullmatch(str(value)) is not None

    def _hold(self, node: Node, body: Any) -> None:
        """Tells the values of the page that the schemas refuse, and what is wrong with the example as a whole."""
        refused: set[str] = set()
        for error in self._specification.schemas.validator(self._file).iter_errors(body):
            pointer = below("", *error.instance_path)
            line = node.at(parts_of(pointer)).line
            if pointer in self._own:
                refused.add(pointer)
                self._tell(line, pointer, f"{_quoted(error.instance)}, which the schemas refuse")
            elif isinstance(error.instance, dict | list):
                self._tell(line, "", f"the example is not valid: {brief(error.message)}")
        members = self._specification.members(self._operation.action) if self._part == "request" else ()
        approves = {member.pointer: member.borders.approves for member in members}
        for pointer in sorted(self._own - refused):
            own = node.at(parts_of(pointer))
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


def _article(type_: str) -> str:
    return f"{'an' if type_[:1] in 'aeiou' else 'a'} {type_}"


def _quoted(value: Any) -> str:
    return repr(brief(value)) if isinstance(value, str) else brief(str(value))


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(_quoted, values))
