"""Writes the specification page as Markdown, or as one HTML file."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

from ....untrusted.text import printable
from .expected import Area, Expected, Slot, escaped

TEMPLATE = Path(__file__).with_name("page.html")
_FENCE = "---"


def markdown(page: Expected) -> str:
    """The page in Markdown, with front matter."""
    lines = [_FENCE, *(f"{name}: {json.dumps(text)}" for name, text in page.facts.front_matter.items()), _FENCE]
    lines += _body(page)
    return "\n".join(line if line == _FENCE else printable(line) for line in lines) + "\n"


def as_html(page: Expected) -> str:
    """The page as one HTML file without scripts, for a screen, a phone and paper."""
    from markdown_it import MarkdownIt

    text = "\n".join(map(printable, _body(page)))
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(text)
    contents: list[str] = []
    columns: list[str] = []
    column = 0
    for place, token in enumerate(tokens):
        inline = tokens[place + 1].content if place + 1 < len(tokens) else ""
        if token.type == "heading_open":
            words = "".join(child.content for child in tokens[place + 1].children or ())
            token.attrSet("id", anchor := f"{_slug(words)}-{token.map[0] if token.map else 0}")
            if int(token.tag[1:]) <= page.facts.layout["title_level"]:
                contents.append(f'<li class="{token.tag}"><a href="#{anchor}">{html.escape(words)}</a></li>')
        elif token.type == "table_open":
            columns = []
        elif token.type == "th_open":
            columns.append(inline)
        elif token.type == "tr_open":
            column = 0
        elif token.type == "td_open":
            # On a phone each cell stands on a line of its own, below the name of its column.
            token.attrSet("data-column", columns[column])
            column += 1
    parts = {
        "TITLE": html.escape(printable(page.facts.front_matter["title"])),
        "CONTENTS": "\n".join(contents),
        "BODY": reader.renderer.render(tokens, reader.options, {}),
    }
    template = TEMPLATE.read_text(encoding="utf-8")
    return re.sub(r"\{\{ (\w+) \}\}", lambda found: parts[found[1]], template)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]


def _body(page: Expected) -> Iterator[str]:
    for area in page.areas:
        for slot in area.slots:
            yield ""
            yield from _slot(slot, area, page.facts.columns)


def _slot(slot: Slot, area: Area, columns: list[str]) -> Iterator[str]:
    if slot.kind == "heading":
        yield f"{'#' * slot.level} {escaped(slot.text)}"
    elif slot.kind == "label":
        yield f"**{escaped(slot.text)}:**"
    elif slot.kind == "text":
        yield slot.text
    elif slot.kind == "endpoint":
        yield f"    {slot.text}"
    elif slot.kind == "example":
        yield from (f"    {line}" for line in slot.text.split("\n"))
    else:
        yield f"| {' | '.join(map(escaped, columns))} |"
        yield f"|{' --- |' * len(columns)}"
        for row in slot.rows:
            cells = {
                "Key": row.key,
                "Data Type": row.member.type if row.member.scalar else row.member.type.capitalize(),
                "Definition": row.definition.text,
                "Format": row.format,
                "Example": row.example,
            }
            yield f"| {' | '.join(escaped(' '.join(cells.get(column, '').split())) or ' ' for column in columns)} |"
