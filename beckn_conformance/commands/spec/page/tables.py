"""Compares a table of definitions with the members of a request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ....specification.catalogue import Operation
from .align import renamed
from .block import Block
from .block import Row as Shown
from .differences import Difference
from .expected import Row, Slot
from .facts import Facts
from .sentences import reworded

NOTHING: Final = frozenset({"", "-", "–", "—", "−", "n/a", "none", "na"})
"""Cells that give no example."""
MANY: Final = 3
"""If so many cells of a row differ, they are told as one difference."""
_INDEX = re.compile(r"\.?\[\s*(?:\*|\d+|n|i|\.\.\.|…)?\s*\]|\.(?:\*|\d+)(?=\.|$)")


class Table:
    """The comparison of one table; ``lines`` is where the page has the row of each member, by pointer."""

    def __init__(self, block: Block, due: Slot, operation: Operation, facts: Facts) -> None:
        self._block = block
        self._due = {row.key: row for row in due.rows}
        self._operation = operation
        self._facts = facts
        self._places: dict[str, int] = {}
        self.lines: dict[str, int] = {}

    def differences(self) -> Iterator[Difference]:
        """How the table differs from the one that is due."""
        yield from self._columns()
        if "Key" not in self._places:
            return
        rows: dict[str, Shown] = {}
        for row in self._block.rows:
            key = _INDEX.sub("[]", self._cell(row, "Key").strip("`")).removeprefix("$.").removeprefix(".")
            if key in rows:
                yield self._tell(row.line, f"a second row for {key!r}")
            elif key:
                rows[key] = row
        yield from self._keys(rows)
        for key, row in rows.items():
            if key in self._due:
                self.lines[self._due[key].member.pointer] = row.line
                yield from self._row(row, self._due[key])

    def _tell(self, line: int, text: str, pointer: str = "", covered_by: tuple[str, ...] = ()) -> Difference:
        pointers = (pointer,) if pointer else ()
        return Difference("drift", line, self._operation.action, "table", pointers, text, covered_by=covered_by)

    def _cell(self, row: Shown, column: str) -> str:
        place = self._places.get(column, len(row.cells))
        return row.cells[place] if place < len(row.cells) else ""

    def _columns(self) -> Iterator[Difference]:
        """Finds the place of each column; one of another name stands for the one in its place."""
        here, due = self._block.columns, self._facts.columns
        plain = [" ".join(name.casefold().split()) for name in here]
        self._places = {name: plain.index(name.casefold()) for name in due if name.casefold() in plain}
        known = {name.casefold() for name in due}
        free = [number for number, name in enumerate(plain) if name not in known]
        for number, name in enumerate(due):
            if name in self._places:
                continue
            if number in free:
                self._places[name] = number
                free.remove(number)
                yield self._tell(self._block.line, f"column {here[number]!r} in place of {name!r}")
            else:
                yield self._tell(self._block.line, f"column {name!r} is missing")
        for number in free:
            yield self._tell(self._block.line, f"a new column {here[number]!r}")

    def _keys(self, rows: Mapping[str, Shown]) -> Iterator[Difference]:
        """Rows that are missing, unknown or renamed."""
        for key, old in renamed(list(rows), list(self._due)):
            if key is None:
                row = self._due[str(old)]
                text = "in the request, and without a row in the table"
                yield self._tell(self._block.line, text, row.member.pointer, row.definition.covered_by)
            elif old is not None:
                yield self._tell(rows[key].line, f"a row for {key!r} in place of {old!r}")
            else:
                pointer = "/" + key.replace("[]", "/*").replace(".", "/")
                settled = self._facts.reading("unlisted", self._operation, "table", pointer)
                text = f"a row for {key!r}, which the request does not have"
                if settled is not None:
                    text = f"a new row for {key!r}; {settled['reading']} has it without one"
                yield self._tell(rows[key].line, text)

    def _row(self, row: Shown, due: Row) -> Iterator[Difference]:
        """The cells of a row that differ; many of them as one difference."""
        cells = ((column, self._differs(column, self._cell(row, column), due)) for column in self._places)
        found = {column: text for column, text in cells if text}
        covered = due.definition.covered_by if "Definition" in found else ()
        if len(found) >= MANY:
            yield self._tell(row.line, f"{due.key}: {'; '.join(found.values())}", covered_by=covered)
            return
        for column, text in found.items():
            yield self._tell(row.line, f"{due.key}: {text}", covered_by=covered if column == "Definition" else ())

    def _differs(self, column: str, said: str, due: Row) -> str:
        """How a cell differs in meaning; "" if it does not."""
        if column == "Data Type" and said.strip("`").casefold() != due.member.type:
            return f"data type {said!r}, and {due.member.type!r} in the schemas"
        if column == "Definition" and (text := reworded(due.definition, said)):
            return f"definition {text}"
        if column == "Format":
            return self._format(said, due)
        if column == "Example":
            return _example(said, due)
        return ""

    def _format(self, said: str, due: Row) -> str:
        if _parts(said) != _parts(due.format):
            return f"format {said!r} in place of {due.format!r}"
        asked = self._facts.formats.get(due.format, "border")
        known = asked in ("border", due.member.type)
        return "" if known else f"format {said!r}, and the type {due.member.type!r} in the schemas"


def _example(said: str, due: Row) -> str:
    """How an example differs: it is gone, or the schemas refuse it; another one that fits is no difference."""
    if said.strip("`").casefold() in NOTHING:
        return f"example {due.example!r} is gone" if due.example not in NOTHING else ""
    if due.member.borders.tolerates(_value(said, due)):
        return ""
    if _parts(said) == _parts(due.example):
        return f"the schemas refuse the example {due.example!r}"
    return f"example {said!r} in place of {due.example!r}; the schemas refuse it"


def _value(said: str, due: Row) -> Any:
    """The value that an example stands for."""
    said = said.strip("`")
    if due.member.type == "string":
        return said[1:-1] if len(said) > 1 and said[0] == said[-1] == '"' else said
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return said


def _parts(text: str) -> list[str]:
    """A cell without case and marks; of a list with commas, its items in order."""
    return sorted(" ".join(part.split()) for part in text.strip("`").casefold().split(","))
