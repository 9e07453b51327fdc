"""The prose page of the specification, read: headings, labels, endpoints, examples and tables, each with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...untrusted import reading

LARGEST = 4 * reading.MB
"""Bytes of a page."""
MOST_MENDED = 100
"""Most trailing commas that are dropped in one example."""


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a page that says something about a call; running text is not among them."""

    kind: str
    """``heading``, ``label`` (a paragraph that is all bold), ``endpoint``, ``code`` or ``table``."""
    line: int
    """Where it begins; of code, its first line of content."""
    text: str = ""
    level: int = 0
    """Of a heading, 1 to 6."""
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()

    @property
    def name(self) -> str:
        """What tells it from other blocks of its kind: the words of headings and labels."""
        return f"{self.kind} {self.text.casefold()}" if self.kind in ("heading", "label") else self.kind


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A JSON value of an example and the line that it begins on."""

    value: Any
    """The value itself, as ``json.loads`` gives it."""
    line: int
    members: Mapping[str, Value] = field(default_factory=dict)
    """Of an object, its members; the line of a member is that of its name."""
    items: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Mistake:
    """A reason why an example is not JSON."""

    line: int
    text: str
    mended: bool
    """Whether the meaning is clear, so the example is read anyway."""


def read(path: Path) -> str:
    """The text of a page; raises UsageError where there is none."""
    return reading.text(path, most=LARGEST)


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a page in Markdown, in their order; a front matter of YAML is passed over."""
    from markdown_it import MarkdownIt

    found: list[Block] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(_without_front_matter(text))
    for place, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "heading_open":
            found.append(Block("heading", line, _words(tokens[place + 1]), int(token.tag[1:])))
        elif token.type == "paragraph_open" and (label := _label(tokens[place + 1])):
            found.append(Block("label", line, label))
        elif token.type in ("code_block", "fence"):
            kind = "endpoint" if re.fullmatch(r"\s*/\S*\s*", token.content) else "code"
            text = token.content.strip() if kind == "endpoint" else token.content
            found.append(Block(kind, line + (token.type == "fence"), text))
        elif token.type == "table_open":
            columns, *rows = _rows(tokens[place:])
            found.append(Block("table", line, columns=columns.cells, rows=tuple(rows)))
    return tuple(found)


def example(block: Block) -> tuple[Value | None, tuple[Mistake, ...]]:
    """The JSON of a block of code, and what is wrong with it; trailing commas are left out, and told."""
    mistakes: list[Mistake] = []
    try:
        text = _mended(block, mistakes)
        return (None if text is None else _located(text, block.line, mistakes)), tuple(mistakes)
    except RecursionError:
        return None, (Mistake(block.line, "no example: nested too deeply", mended=False),)


def _mended(block: Block, mistakes: list[Mistake]) -> str | None:
    """The text of a block as JSON, with spaces for trailing commas; None where it is none."""
    text = block.text
    while True:
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            line = block.line + error.lineno - 1
            comma = _trailing_comma(text, error.pos)
            if comma is None or len(mistakes) >= MOST_MENDED:
                mistakes.append(Mistake(line, f"no JSON: {error.msg[0].lower()}{error.msg[1:]}", mended=False))
                return None
            mistakes.append(Mistake(block.line + text.count("\n", 0, comma), "a trailing comma", mended=True))
            text = f"{text[:comma]} {text[comma + 1 :]}"
        else:
            return text


def _without_front_matter(text: str) -> str:
    """The text with its front matter as empty lines: CommonMark would take it for a heading."""
    found = re.match(r"---\n.*?\n---(?=\n)", text, flags=re.DOTALL)
    return "\n" * found[0].count("\n") + text[found.end() :] if found else text


def _words(inline: Any) -> str:
    """What an inline token says, without its marks and a colon at its end."""
    text = "".join(child.content or " " * (child.type == "softbreak") for child in inline.children)
    return text.strip().removesuffix(":").rstrip()


def _label(inline: Any) -> str:
    children = [child for child in inline.children if child.type != "text" or child.content.strip(" :")]
    bold = bool(children) and children[0].type == "strong_open" and children[-1].type == "strong_close"
    return _words(inline) if bold and sum(child.type == "strong_open" for child in children) == 1 else ""


def _rows(tokens: Sequence[Any]) -> Iterator[Row]:
    """The rows of the table that begins here, its head first."""
    cells: list[str] = []
    line = 0
    for place, token in enumerate(tokens):
        if token.type == "table_close":
            return
        if token.type == "tr_open":
            cells, line = [], token.map[0] + 1
        elif token.type in ("th_open", "td_open"):
            cells.append("".join(child.content for child in tokens[place + 1].children).strip())
        elif token.type == "tr_close":
            yield Row(line, tuple(cells))


def _trailing_comma(text: str, at: int) -> int | None:
    """Place of a comma before a closing bracket, where that is what a parser stumbled over.

    Versions of Python differ in whether they blame the comma or what comes after it.
    """
    comma = at if text[at : at + 1] == "," else len(text[:at].rstrip()) - 1
    closes = text[comma + 1 :].lstrip()[:1] in ("}", "]")
    return comma if comma >= 0 and text[comma] == "," and closes else None


def _located(text: str, line: int, mistakes: list[Mistake]) -> Value:
    """JSON with the lines of its values, by the marks of a parser of YAML, which JSON is a part of."""
    import yaml

    def value(node: Any, at: int) -> Value:
        if isinstance(node, yaml.MappingNode):
            members: dict[str, Value] = {}
            for key, child in node.value:
                place = line + key.start_mark.line
                if key.value in members:
                    mistakes.append(Mistake(place, f"a second {key.value!r} in one object", mended=True))
                members[key.value] = value(child, place)
            return Value({name: member.value for name, member in members.items()}, at, members)
        if isinstance(node, yaml.SequenceNode):
            items = tuple(value(child, line + child.start_mark.line) for child in node.value)
            return Value([item.value for item in items], at, items=items)
        return Value(node.value if node.style == '"' else json.loads(node.value), at)

    node: Any = yaml.compose(text.expandtabs(1), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return value(node, line + node.start_mark.line)
