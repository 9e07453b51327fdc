"""Compares an example of a page with the schema of its part."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ....specification.catalogue import Operation
from ....specification.members import json_type
from ....specification.pointer import below, pattern_of
from ....specification.specification import Specification
from ....untrusted.text import brief
from .align import align
from .differences import Difference
from .expected import file_of
from .facts import Facts
from .json_example import Value
from .sentences import similarity
from .shapes import Shape, shape

_PLACEHOLDER = re.compile(r"<[^<>]*>|\{[^{}]*\}|\.\.\.|…|string|text", re.IGNORECASE)
_LITERAL = re.compile(r"[A-Z]{2,}([-_ ][A-Z]+)*")


class Example:
    """The comparison of one example; ``lines`` is where the page has each member, by pointer pattern."""

    def __init__(self, operation: Operation, part: str, facts: Facts, specification: Specification) -> None:
        self._operation = operation
        self._part = part
        self._facts = facts
        self._specification = specification
        self._file = file_of(operation, part)
        self._found: dict[tuple[str, str], Difference] = {}
        """By pointer pattern and text, so that what all items of a list share is told once."""
        self._own: set[str] = set()
        """Pointers of values that the page has in place of the placeholder or the sample of the schemas."""
        self.lines: dict[str, int] = {}

    def differences(self, value: Value, due: Any) -> list[Difference]:
        """How an example differs from the one that is due."""
        schema = {"$ref": self._file}
        self._value("", "", value, due, schema, None)
        self._hold(value, self._filled("", "", value, due, schema, None))
        return list(self._found.values())

    def _tell(self, line: int, pointer: str, text: str) -> None:
        pattern = pattern_of(pointer)
        pointers = (pattern,) if pattern else ()
        difference = Difference("drift", line, self._operation.action, self._part, pointers, text)
        self._found.setdefault((pattern, text), difference)

    def _value(
        self, pattern: str, pointer: str, value: Value, due: Any, schema: Mapping[str, Any], place: int | None
    ) -> None:
        self.lines.setdefault(pattern, value.line)
        found = shape(schema, self._specification)
        type_, wanted = json_type(value.value), json_type(due)
        if type_ == "null" and "null" in found.types:
            return
        if type_ != wanted:
            also = " (the schemas allow both)" if type_ in found.types else ""
            self._tell(value.line, pointer, f"{_article(type_)} where the schemas have {_article(wanted)}{also}")
        elif type_ == "object":
            self._members(pattern, pointer, value, due, found, place)
        elif type_ == "array":
            self._items(pattern, pointer, value, due, found)
        else:
            self._scalar(pattern, pointer, value, found, place)

    def _members(
        self, pattern: str, pointer: str, value: Value, due: Mapping[str, Any], found: Shape, place: int | None
    ) -> None:
        here, there = list(value.members), list(due)
        for i, j in align(len(here), len(there), lambda i, j: _same(here[i], there[j], here, there)):
            name, old = here[i] if i is not None else None, there[j] if j is not None else None
            if name == old or (name in due and old is None) or (old in value.members and name is None):
                continue
            if name is None:
                assert old is not None
                self._tell(value.line, below(pointer, old), "in the schemas, and not on the page")
                continue
            text = "a member that the schemas do not have" if old is None else f"in place of {old!r}"
            row = self._facts.reading("unshown", self._operation, self._part, below(pattern, name))
            if name in found.properties and row is not None:
                text = f"a new member; {row['reading']} has it as not shown"
            self._tell(value.members[name].line, below(pointer, name), text)
        for name in due:
            if name in value.members:
                child = found.properties[name]
                names = below(pattern, name), below(pointer, name)
                self._value(*names, value.members[name], due[name], child, place)

    def _items(self, pattern: str, pointer: str, value: Value, due: Sequence[Any], found: Shape) -> None:
        if found.items is None:
            return
        if not value.items:
            self._tell(value.line, pointer, "an empty list, where the schemas have items")
        for number, item in enumerate(value.items):
            wanted = due[min(number, len(due) - 1)]
            self._value(f"{pattern}/*", f"{pointer}/{number}", item, wanted, found.items, number)
        if len(value.items) in range(1, len(due)):
            lost = [item for item in due[len(value.items) :] if item not in due[: len(value.items)]]
            if lost:
                text = f"{len(value.items)} of {len(due)} items, which show different literals"
                self._tell(value.line, pointer, text)

    def _scalar(self, pattern: str, pointer: str, value: Value, found: Shape, place: int | None) -> None:
        literal, due = self._facts.shown(self._operation, self._part, pattern, found, place)
        if value.value == due:
            if literal and found.literals is not None and due not in found.literals:
                self._tell(value.line, pointer, f"{_quoted(due)}; the schemas allow {_listed(found.literals)}")
            return
        if literal:
            refused = found.literals is not None and value.value not in found.literals
            allowed = f"; the schemas allow {_listed(found.literals or ())}" if refused else ""
            self._tell(value.line, pointer, f"{_quoted(value.value)} in place of {_quoted(due)}{allowed}")
        elif found.literals is not None and value.value not in found.literals:
            self._tell(value.line, pointer, f"{_quoted(value.value)}; the schemas allow {_listed(found.literals)} only")
        elif self._has_literals(pattern) and _LITERAL.fullmatch(str(value.value)):
            self._tell(value.line, pointer, f"{_quoted(value.value)} in place of {_quoted(due)}")

    def _has_literals(self, pattern: str) -> bool:
        """Whether members of this name show literals elsewhere on the page, as ``status`` does."""
        return pattern.rsplit("/", 1)[-1] in self._facts.literal_names

    # Whether the values fit.

    def _filled(
        self, pattern: str, pointer: str, value: Value | None, due: Any, schema: Mapping[str, Any], place: int | None
    ) -> Any:
        """The example that is due, with samples of the schemas for placeholders and the values of the page."""
        found = shape(schema, self._specification)
        if isinstance(due, dict):
            members = value.members if value is not None else {}
            return {
                name: self._filled(
                    below(pattern, name), below(pointer, name), members.get(name), child, found.properties[name], place
                )
                for name, child in due.items()
            }
        if isinstance(due, list) and found.items is not None:
            items = value.items if value is not None and value.items else [None] * len(due)
            return [
                self._filled(f"{pattern}/*", f"{pointer}/{n}", item, due[min(n, len(due) - 1)], found.items, n)
                for n, item in enumerate(items)
            ]
        literal, shown = self._facts.shown(self._operation, self._part, pattern, found, place)
        is_own = value is not None and value.value != shown and json_type(value.value) == json_type(shown)
        if value is not None and is_own and not literal and not _PLACEHOLDER.fullmatch(str(value.value)):
            self._own.add(pointer)
            return value.value
        return shown if literal else next(iter(found.samples), shown)

    def _hold(self, value: Value, body: Any) -> None:
        """Tells the values of the page that the schemas refuse, and what is wrong with the example as a whole."""
        for error in self._specification.validator(self._file).iter_errors(body):
            pointer = below("", *error.instance_path)
            if pointer in self._own:
                text = f"{_quoted(error.instance)}, which the schemas refuse"
                self._tell(_line_at(value, error.instance_path), pointer, text)
            elif isinstance(error.instance, dict | list):
                text = f"the example is not valid: {brief(error.message)}"
                self._tell(_line_at(value, error.instance_path), "", text)
        members = self._specification.members(self._operation.action) if self._part == "request" else ()
        approves = {member.pointer: member.approves for member in members}
        for pointer in sorted(self._own):
            own = _at(value, pointer)
            if own is None or (pattern_of(pointer), f"{_quoted(own.value)}, which the schemas refuse") in self._found:
                continue
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


def _same(name: str, other: str, here: Sequence[str], there: Sequence[str]) -> float:
    """How well a name stands for another: only one that is unknown stands for one that is missing."""
    if name == other:
        return 10
    return 0 if name in there or other in here else 1 + similarity(name.replace("_", " "), other.replace("_", " "))


def _at(value: Value, pointer: str) -> Value | None:
    return _walk(value, pointer.split("/")[1:])[0]


def _line_at(value: Value, path: Sequence[Any]) -> int:
    """The line of what a path leads to, or of the last on the way that is there."""
    return _walk(value, [str(step) for step in path])[1]


def _walk(value: Value, path: Sequence[str]) -> tuple[Value | None, int]:
    for step in path:
        if step in value.members:
            value = value.members[step]
        elif step.isdigit() and int(step) < len(value.items):
            value = value.items[int(step)]
        else:
            return None, value.line
    return value, value.line


def _article(type_: str) -> str:
    return f"{'an' if type_[:1] in 'aeiou' else 'a'} {type_}"


def _quoted(value: Any) -> str:
    return repr(brief(value)) if isinstance(value, str) else brief(str(value))


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(_quoted, values))
