"""Reads the files of a folder of schemas, usable or not, and locates their values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ....errors import SpecificationError, UsageError
from ....specification.loading import LARGEST_FILE, lines, paths
from ....specification.pointer import MISSING, below, member, parts_of, walk
from ....specification.schemas import followed
from ....untrusted import reading, yaml_text

Place = tuple[str, str]
"""A file and a JSON Pointer in it."""
DEEPEST: Final = 40
"""Most steps to a part of a message, references included."""
MOST_PLACES: Final = 10_000
"""Parts of one message that are visited; one is counted again for each reference to it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to fix."""

    file: str
    line: int
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}; {self.remedy}"


class Folder:
    """The files of a folder, with the line of every value. What cannot be read is a problem in ``broken``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.contents: dict[str, Any] = {}
        self.broken: list[Problem] = []
        self._nodes: dict[str, yaml_text.Node] = {}
        for file in paths(path):
            self._read(file)

    def _read(self, file: Path) -> None:
        name = file.name
        try:
            content = reading.content(file, most=LARGEST_FILE, below=self.path)
        except UsageError as error:
            self.broken.append(Problem(name, 1, str(error).removeprefix(f"{file} "), "fix it"))
            return
        try:
            text = content.decode("utf-8-sig")
            # JSON is the YAML that it is, so that all of it has lines.
            value = reading.json_value(text) if name.endswith(".json") else MISSING
            self._nodes[name] = lines(text)
            self.contents[name] = self._nodes[name].value if value is MISSING else value
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            self.broken.append(Problem(name, line, "is not UTF-8", "save it in that encoding"))
        except json.JSONDecodeError as error:
            self.broken.append(Problem(name, error.lineno, error.msg, "correct it"))
        except yaml_text.YamlError as error:
            self.broken.append(Problem(name, error.line, str(error), "correct it"))
        except ValueError as error:
            self.broken.append(Problem(name, _line_of(text, error), str(error), "fix it"))

    def problem(self, file: str, pointer: str, message: str, remedy: str) -> Problem:
        """Makes a problem at the value that a JSON Pointer names."""
        return Problem(file, self._nodes[file].at(parts_of(pointer)).line, message, remedy)

    def schemas(self) -> Iterator[tuple[str, Any]]:
        yield from ((name, content) for name, content in self.contents.items() if name.endswith(".json"))

    def at(self, file: str, pointer: str) -> Any:
        """Returns the value at a JSON Pointer of a file; MISSING if there is none."""
        return member(self.contents.get(file), pointer)

    def target(self, file: str, reference: Any) -> Place | None:
        """Returns the file and pointer that a reference leads to; None if nothing is there."""
        try:
            return followed(self.contents, reference, file)[:2]
        except SpecificationError:
            return None


@lru_cache(maxsize=64)
def places(folder: Folder, file: str) -> Mapping[str, list[Place]]:
    """Maps every place that a message can have, with ``*`` for any index, to the schemas that speak of it.

    A reference comes before the schema that it leads to, and a choice before its alternatives.
    """
    found: dict[str, list[Place]] = {}
    left = MOST_PLACES

    def visit(pattern: str, place: Place, above: tuple[Place, ...]) -> None:
        nonlocal left
        left -= 1
        node = folder.at(*place)
        # Anything beyond is reported when the schemas are loaded.
        if not isinstance(node, dict) or place in above or len(above) > DEEPEST or left < 0:
            return
        found.setdefault(pattern, []).append(place)
        file, pointer = place
        inner = [
            (below(pattern, name), (file, below(pointer, "properties", name))) for name in node.get("properties", ())
        ]
        inner += [(f"{pattern}/*", (file, f"{pointer}/items"))] if "items" in node else []
        for key in ("anyOf", "allOf", "oneOf"):
            inner += [(pattern, (file, f"{pointer}/{key}/{index}")) for index in range(len(node.get(key, ())))]
        target = folder.target(file, node["$ref"]) if "$ref" in node else None
        for step in [*([(pattern, target)] if target is not None else []), *inner]:
            visit(*step, (*above, place))

    visit("", (file, ""), ())
    return found


def _line_of(text: str, error: ValueError) -> int:
    """Returns the line of a JSON fault that the parser does not locate, such as a repeated key."""
    try:
        yaml_text.read(text)
    except yaml_text.YamlError as found:
        return found.line
    return 1


def references(node: Any) -> Iterator[tuple[str, str]]:
    """Yields the pointer and the text of every ``$ref`` in a value."""
    return ((here, value) for here, key, value in walk(node) if key == "$ref" and isinstance(value, str))
