"""The blocks that a page consists of, and what becomes of those that are written in an unusual way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser

_HEADER = re.compile(r'\s*\{\s*"header"\s*:\s*')
_BODY = re.compile(r'\s*,\s*"body"\s*:\s*')
_END = re.compile(r"\s*\}\s*")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page."""

    kind: str
    """``heading``, ``bold`` (a paragraph that is all bold), ``text``, ``code`` or ``table``."""
    line: int
    """Where it begins; of code, its first line of content."""
    text: str = ""
    """Its words; of a text, with the line breaks that it has."""
    level: int = 0
    """Of a heading, 1 to 6."""
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    fault: str = ""
    """What is wrong with how it is written, if what was meant is clear."""


def divided(code: Block) -> Iterator[Block]:
    """Yields code as it is, or an example that holds header and body as one of each, with a label between them."""
    text, decoder = code.text, json.JSONDecoder()
    try:
        if (start := _HEADER.match(text)) is None:
            raise ValueError("no message")
        _, header = decoder.raw_decode(text, start.end())
        if (between := _BODY.match(text, header)) is None:
            raise ValueError("no body")
        _, body = decoder.raw_decode(text, between.end())
    except (ValueError, RecursionError):
        yield code
        return
    if _END.fullmatch(text, body) is None:
        yield code
        return
    fault = "header and body in one example, where the layout has one each"
    yield replace(code, text=text[start.end() : header], fault=fault)
    line = code.line + text.count("\n", 0, between.end())
    yield Block("bold", line, "Body")
    yield replace(code, line=line, text=text[between.end() : body])


def html_rows(text: str, line: int) -> list[Row]:
    """Returns the rows of a table in HTML that begins on a line; none for anything else."""
    reader = _Cells()
    reader.feed(text)
    cells = [(number, [" ".join("".join(words).split()) for words in row]) for number, row in reader.rows]
    return [Row(line + number - 1, tuple(row)) for number, row in cells] if reader.is_table else []


class _Cells(HTMLParser):
    """Collects the cells of a table."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[int, list[list[str]]]] = []
        """Line, and the words of each cell."""
        self.is_table = False
        self._cell: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_table = self.is_table or tag == "table"
        if tag == "tr":
            self.rows.append((self.getpos()[0], []))
        if tag in ("td", "th") and self.rows:
            self._cell = []
            self.rows[-1][1].append(self._cell)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr"):
            self._cell = []

    def handle_data(self, data: str) -> None:
        self._cell.append(data)
