"""On which line of a JSON or YAML file the value at a JSON Pointer stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml


def positions(text: str) -> Mapping[str, int]:
    """By JSON Pointer, the line (from 1) on which a value begins, or its key where it has one.

    JSON is read as the YAML that it is. Raises yaml.YAMLError for a text that is neither.
    """
    root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return dict(_walk(root, "")) if root is not None else {"": 1}


def line_of(lines: Mapping[str, int], pointer: str) -> int:
    """The line of the value at a pointer, or of the nearest one around it that is there."""
    while pointer and pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return lines.get(pointer, 1)


def escaped(part: object) -> str:
    """A part of a JSON Pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")


def _walk(root: yaml.Node, start: str) -> Iterator[tuple[str, int]]:
    waiting = [(root, start, root.start_mark.line + 1)]
    while waiting:
        node, pointer, line = waiting.pop()
        yield pointer, line
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                waiting.append((value, f"{pointer}/{escaped(key.value)}", key.start_mark.line + 1))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                waiting.append((value, f"{pointer}/{index}", value.start_mark.line + 1))
