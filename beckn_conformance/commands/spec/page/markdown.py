"""Reads a page in Markdown: headings, labels, code, tables and running text, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ....errors import UsageError
from ....untrusted import reading
from .block import Block, Row, divided, html_rows

LARGEST: Final = reading.MB // 4
"""Bytes of a page."""
MOST_MENDED: Final = 3
"""Fences without an end that are closed."""
MOST_BLOCKS: Final = 2000
"""Blocks of a page and rows of its tables."""

_FRONT_MATTER = re.compile(r"\s*(---|\+\+\+)[ \t]*\n.*?\n(\1|\.\.\.)[ \t]*(?=\n|$)", re.DOTALL)
_ANCHOR = re.compile(r"\{:?\s?[#.][^{}]*\}$")
_TWO = re.compile(r"\n\n(?=[{\[])")
"""Between two examples: without a label in between, Markdown takes them for one block."""
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]{1,40}\](?!:)")
_CONTENTS = re.compile(r"\[\[?_?TOC_?\]?\]", re.IGNORECASE)
_HEADING = re.compile(r"(?P<level>#{2,6})(?P<text>\w.*)")
"""Without a space, which not every renderer takes for a heading."""
_SUBHEADING = re.compile(r"(?m)^##+ ")
"""What no code of a page holds."""
_PIPE = re.compile(r"(?<!\\)\|")
_TAG = re.compile(r"<!--.*?(?:-->|$)|<[^<>]*>", re.DOTALL)


def read(path: Path) -> str:
    """The text of a page; raises UsageError if there is none."""
    return reading.text(path, most=LARGEST)


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a page, in order. Front matter, comments and anchors are left out.

    Raises UsageError for a page with more blocks than anybody reads.
    """
    text = "\n".join(text.split("\r\n")).replace("\r", "\n")
    tokens, endless = _tokens(_without_front_matter(text))
    found: list[Block] = []
    size = 0
    for block in _blocks(tokens):
        size += 1 + len(block.rows)
        if size > MOST_BLOCKS:
            raise UsageError(f"the page has more than {MOST_BLOCKS} blocks and rows of tables")
        if block.kind == "code" and block.line in endless:
            block = replace(block, fault="a block of code without an end")
        if block.kind == "table" and block.fault and found and found[-1].kind == "table":
            rows = (*found[-1].rows, Row(block.line, block.columns), *block.rows)
            block = replace(found.pop(), rows=rows, fault="an empty line divides the table")
        found.append(block)
    return tuple(found)


def _tokens(text: str) -> tuple[Sequence[Any], set[int]]:
    """The tokens of a page, and the lines of fenced code without an end, which ends at the next empty line."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark").enable("table")
    lines = text.split("\n")
    endless: set[int] = set()
    while True:
        tokens = reader.parse("\n".join(lines))
        fences = (token for token in tokens if token.type == "fence" and _SUBHEADING.search(token.content))
        if len(endless) == MOST_MENDED or (fence := next(fences, None)) is None or fence.map is None:
            return tokens, endless
        first, last = fence.map
        endless.add(first + 2)
        end = next((number for number in range(first + 1, last) if not lines[number].strip()), None)
        if end is None:
            return tokens, endless
        lines[end] = fence.markup


def _blocks(tokens: Sequence[Any]) -> Iterator[Block]:
    in_table = False
    for place, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "table_open":
            in_table = True
            columns, *rows = _rows(tokens, place)
            yield Block("table", line, columns=columns.cells, rows=tuple(rows))
        elif token.type == "table_close":
            in_table = False
        elif token.type == "heading_open":
            text = _words(tokens[place + 1])
            yield Block("heading", line, _without_colon(" ".join(text.split())), int(token.tag[1:]))
        elif token.type in ("code_block", "fence"):
            line += token.type == "fence"
            for code in _TWO.split(token.content):
                yield from divided(Block("code", line, code))
                line += code.count("\n") + 2
        elif token.type == "inline" and tokens[place - 1].type == "paragraph_open" and not in_table:
            yield from _paragraph(token, line)
        elif token.type == "html_block" and (rows := html_rows(token.content, line)):
            yield Block("table", line, columns=rows[0].cells, rows=tuple(rows[1:]))
        elif token.type == "html_block" and (text := _TAG.sub("", token.content)).strip():
            yield Block("bold", line, " ".join(text.split()))


def _paragraph(inline: Any, line: int) -> Iterator[Block]:
    """A paragraph as what its writer meant: a label, text, an example that is not indented, a heading or a table."""
    text, raw = _words(inline), inline.content.strip()
    if _is_bold(inline):
        yield Block("bold", line, _without_colon(" ".join(text.split())))
    elif raw.startswith("{") and raw.endswith("}") and '"' in raw:
        yield Block("code", line, raw)
    elif heading := _HEADING.fullmatch(raw):
        yield Block("heading", line, _without_colon(heading["text"]), len(heading["level"]))
    elif raw.startswith("|") and raw.endswith("|") and raw.count("\n|") == raw.count("\n"):
        rows = [tuple(cell.strip() for cell in _PIPE.split(row.strip().strip("|"))) for row in raw.split("\n")]
        numbered = tuple(Row(line + number, cells) for number, cells in enumerate(rows))
        fault = "a table without a row of dashes below its head"
        yield Block("table", line, columns=rows[0], rows=numbered[1:], fault=fault)
    elif text.strip() and not _is_contents(inline):
        yield Block("text", line, text)


def _without_front_matter(text: str) -> str:
    """The text with its front matter as empty lines: CommonMark would take it for a heading."""
    found = _FRONT_MATTER.match(text)
    return "\n" * found[0].count("\n") + text[found.end() :] if found else text


def _words(inline: Any) -> str:
    """What an inline token says, without its marks."""
    others = {"softbreak": "\n", "hardbreak": "\n", "html_inline": " ", "image": ""}
    text = "".join(others.get(child.type, child.content) for child in inline.children)
    return _ANCHOR.sub("", _FOOTNOTE.sub("", text).rstrip()).rstrip()


def _is_contents(inline: Any) -> bool:
    """Whether a paragraph belongs to a table of contents: a mark for one, or a link to a heading of this page."""
    first, last = inline.children[0], inline.children[-1]
    link = first.type == "link_open" and last.type == "link_close" and str(first.attrs.get("href", "")).startswith("#")
    return link or _CONTENTS.fullmatch(inline.content.strip()) is not None


def _without_colon(text: str) -> str:
    return text.strip().removesuffix(":").rstrip()


def _is_bold(inline: Any) -> bool:
    """True if a paragraph is one run of bold text, and a colon perhaps."""
    children = [child for child in inline.children if child.type != "text" or child.content.strip(" :")]
    bold = bool(children) and children[0].type == "strong_open" and children[-1].type == "strong_close"
    return bold and sum(child.type == "strong_open" for child in children) == 1


def _rows(tokens: Sequence[Any], start: int) -> Iterator[Row]:
    """The rows of the table that begins here, its head first."""
    cells: list[str] = []
    line = 0
    for place in range(start, len(tokens)):
        token = tokens[place]
        if token.type == "table_close":
            return
        if token.type == "tr_open":
            cells, line = [], token.map[0] + 1
        elif token.type in ("th_open", "td_open"):
            cells.append(_words(tokens[place + 1]).strip())
        elif token.type == "tr_close":
            yield Row(line, tuple(cells))
