"""Reads ``page.yaml``: layout and prose of the specification page, and what its examples and tables show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....errors import SpecificationError
from ....specification.catalogue import Operation
from ....specification.pointer import at_or_below, below, parts_of, pattern_of
from ....specification.specification import Specification
from .sentences import Sentence, fingerprint
from .shapes import Shape

SAMPLES: Mapping[str, Any] = {"number": 1, "boolean": True, "null": None}
"""What stands for a value that is neither a text nor described by an example."""


class Facts:
    """The content of ``page.yaml``; raises SpecificationError if there is none. ``spec check`` says what it lacks."""

    def __init__(self, specification: Specification) -> None:
        if (rows := specification.files.get("page.yaml")) is None:
            raise SpecificationError(f"{specification.folder} holds no page.yaml, which says what the page said")
        self.specification = specification
        self.front_matter: Mapping[str, str] = rows["front_matter"]
        self.layout: Mapping[str, Any] = rows["layout"]
        self.misspelt: Mapping[str, str] = rows["misspelt"]
        self.columns: list[str] = rows["columns"]
        self.rows: Mapping[str, Mapping[str, Any]] = rows["rows"]
        self.formats: Mapping[str, str] = rows["formats"]
        self.settled: list[Mapping[str, Any]] = rows["settled"]
        self._prose: Mapping[str, Any] = rows["prose"]
        self._shown: list[Mapping[str, Any]] = rows["shown"]
        rows_of_literals = (row for row in self._shown if "literal" in row)
        self.literal_names = {p.rsplit("/", 1)[-1] for row in rows_of_literals for p in row.get("pointers", ())}
        """Last names of the pointers that show literals."""

    def paragraph(self, name: str, operation: Operation | None) -> tuple[Mapping[str, Any], ...]:
        """The sentences of a paragraph of prose."""
        found = self._prose[name]
        return tuple(found.get(operation.key, ()) if operation is not None else found)

    def title(self, operation: Operation) -> str:
        """The title of an operation; one made of its section and its Action if ``page.yaml`` has none."""
        return str(self.layout["titles"].get(operation.key, f"{operation.section.strip('§')}. {operation.action}"))

    def is_introduced(self, operation: Operation) -> bool:
        """True if an operation has a title and a description."""
        return operation.key in self.layout["titles"] and operation.key in self._prose["description"]

    def shown(self, operation: Operation, part: str, pointer: str, shape: Shape) -> tuple[bool, Any]:
        """Whether the page shows a literal at a pointer, and the literal or the placeholder."""
        if part == "request header" and pointer == "/Action":
            return True, operation.action
        if shape.constant:
            assert shape.literals is not None
            return True, shape.literals[0]
        row = next(r for r in reversed(self._shown) if _applies(r, operation, part, pattern_of(pointer)))
        if "literal" in row:
            literals = row["literal"] if isinstance(row["literal"], list) else [row["literal"]]
            place = next((int(step) for step in reversed(parts_of(pointer)) if step.isdigit()), 0)
            return True, literals[min(place, len(literals) - 1)]
        if shape.literals is not None:
            return False, shape.literals[0]
        if "string" in shape.types:
            return False, row["placeholder"]
        return False, next(iter(shape.samples), SAMPLES.get(min(shape.types, default="null")))

    def length(self, operation: Operation, part: str, pointer: str) -> int:
        """How many items the page shows of a list: as many as it shows different literals in."""
        rows = (row for row in self._shown if isinstance(row.get("literal"), list))
        beneath = (
            r for r in rows if any(_applies(r, operation, part, p) for p in r["pointers"] if at_or_below(p, pointer))
        )
        return max((len(row["literal"]) for row in beneath), default=1)

    def reading(self, difference: str, operation: Operation, part: str, pointer: str) -> Mapping[str, Any] | None:
        """The entry that settles a difference, if there is one."""
        for row in self.settled:
            if (
                row["difference"] == difference
                and operation.key in row["operations"]
                and part in row["parts"]
                and any(at_or_below(pointer, place) for place in row["pointers"])
            ):
                return row
        return None


def considered(page: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every sentence of ``page.yaml`` with its JSON Pointer."""
    for index, row in enumerate(page["prose"]["overview"]):
        yield f"/prose/overview/{index}", row
    for key, paragraph in page["prose"]["description"].items():
        for index, row in enumerate(paragraph):
            yield below("/prose/description", key, index), row
    for key, row in page["rows"].items():
        yield below("/rows", key, "definition"), row["definition"]


def sentence(row: Mapping[str, Any]) -> Sentence:
    """A sentence of ``page.yaml``, without the marks of bold text."""
    return Sentence(row["text"].replace("**", ""), tuple(row.get("covered_by", ())), stale=is_stale(row))


def is_stale(row: Mapping[str, Any]) -> bool:
    """True if a sentence was reworded since its coverage was considered."""
    return bool(fingerprint(row["text"]) != row["fingerprint"])


def _applies(row: Mapping[str, Any], operation: Operation, part: str, pointer: str) -> bool:
    return (
        operation.key in row.get("operations", (operation.key,))
        and part in row.get("parts", (part,))
        and pointer in row.get("pointers", (pointer,))
    )
