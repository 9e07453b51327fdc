"""Reads YAML within bounds and without surprises: duplicate keys, tags and merge keys are errors.

Plain scalars follow YAML 1.2: ``on``, ``no``, ``~``, dates and ``12:30:00`` are text. Only an empty value and ``null``
are null. Keys are always text. JSON is read as YAML.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

MOST_NODES: Final = 200_000
"""Default for the most values of a text, with aliases counted each time."""
CHARACTERS: Final = 100
"""Characters of a scalar that count as one more value."""
DEEPEST: Final = 64
TOO_DEEP: Final = f"it is nested in more than {DEEPEST} levels"
LONGEST_KEY: Final = 1024
LONGEST_NUMBER: Final = 100

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}


class YamlError(ValueError):
    """A text that is not accepted as YAML; ``line`` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Node:
    """A value and its position in the text."""

    value: Any
    line: int
    """Counts from 1; for a member, the line of its key."""
    written: str | None = None
    """A plain scalar as written."""
    children: dict[str, Node] = field(default_factory=dict)
    """Members by name, items by index."""
    height: int = 1
    """Levels of nesting, its own included."""

    def at(self, path: Sequence[object]) -> Node:
        """Returns the node at a path of names and indices, or its nearest existing ancestor."""
        node = self
        for part in path:
            if str(part) not in node.children:
                break
            node = node.children[str(part)]
        return node


def read(text: str, *, most: int = MOST_NODES) -> Node:
    """Reads the one document of a text of at most ``most`` values; an empty one is None. Raises YamlError."""
    try:
        return _Builder(yaml.parse(text, Loader=_LOADER), most).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(f"not YAML: {error.problem or error.context}", mark.line + 1 if mark else 1) from error
    except yaml.YAMLError as error:
        raise YamlError(f"not YAML: {' '.join(str(error).split())}", 1) from error


class _Builder:
    """Builds values from parser events, and counts before it recurses."""

    def __init__(self, events: Iterator[Any], most: int) -> None:
        self._events = events
        self._most = most
        self._anchors: dict[str, tuple[Node, int]] = {}
        """Anchored nodes, with the number of values in each."""
        self._made = 0

    def document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise YamlError("a second document begins; one is read", _line(event))
                root = self._node(next(self._events), DEEPEST)
        return root or Node(None, 1)

    def _node(self, event: Any, room: int) -> Node:
        line = _line(event)
        if not room:
            raise YamlError(TOO_DEEP, line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), line, room)
        if event.tag is not None:
            raise YamlError(f"the tag {event.tag[:80]!a} is not read; leave it out", line)
        before = self._made
        self._count(1, line)
        if isinstance(event, yaml.ScalarEvent):
            # A long text costs as much as many values, most of all if aliases repeat it.
            self._count(len(event.value) // CHARACTERS, line)
            node = _scalar(event, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(line, room)
        else:
            node = self._mapping(line, room)
        if event.anchor is not None:
            self._anchors[event.anchor] = node, self._made - before
        return node

    def _count(self, amount: int, line: int) -> None:
        self._made += amount
        if self._made > self._most:
            raise YamlError(f"it holds more than {self._most} values, counting those that aliases stand for", line)

    def _alias(self, name: str, line: int, room: int) -> Node:
        if name not in self._anchors:
            # The parser does not resolve anchors; an alias inside its own anchor would contain itself.
            raise YamlError(f"the alias *{name[:80]} stands for nothing that ends before it", line)
        node, amount = self._anchors[name]
        self._count(amount, line)
        if node.height > room:
            raise YamlError(TOO_DEEP, line)
        return Node(node.value, line, node.written, node.children, node.height)

    def _sequence(self, line: int, room: int) -> Node:
        children: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            children[str(len(children))] = self._node(event, room - 1)
        return _collection([child.value for child in children.values()], line, children)

    def _mapping(self, line: int, room: int) -> Node:
        children: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, at = self._key(event)
            if key in children:
                raise YamlError(f"the key {key[:80]!a} stands on line {children[key].line} already", at)
            child = self._node(next(self._events), room - 1)
            child.line = at
            children[key] = child
        return _collection({key: child.value for key, child in children.items()}, line, children)

    def _key(self, event: Any) -> tuple[str, int]:
        """Returns a key as written, and its line."""
        line = _line(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise YamlError("a key is needed here, which is one word or a text in quotes", line)
        if event.tag is not None or event.anchor is not None:
            raise YamlError("tags and anchors of keys are not read; leave them out", line)
        if event.value == "<<" and not event.style:
            raise YamlError("the merge key << is not read; write the keys that are meant", line)
        if len(event.value) > LONGEST_KEY:
            raise YamlError(f"a key is longer than {LONGEST_KEY} characters", line)
        self._count(1, line)
        return str(event.value), line


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _collection(value: Any, line: int, children: dict[str, Node]) -> Node:
    height = 1 + max((child.height for child in children.values()), default=0)
    return Node(value, line, None, children, height)


def _scalar(event: Any, line: int) -> Node:
    # One parser gives a plain scalar no style, the other an empty one.
    if event.style:
        return Node(event.value, line)
    return Node(_resolved(event.value), line, event.value)


def _resolved(word: str) -> Any:
    """Resolves a plain scalar by the core schema of YAML 1.2, except that ``~`` is text."""
    if word in _WORDS:
        return _WORDS[word]
    if len(word) <= LONGEST_NUMBER:
        if _INTEGER.fullmatch(word):
            return int(word, 0 if word[:2] in ("0o", "0x") else 10)
        if _FLOAT.fullmatch(word):
            return float(word)
    return word
