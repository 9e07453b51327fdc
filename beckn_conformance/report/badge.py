"""Writes badge.svg: the verdict of a run in two words, for the front page of a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from . import document

LABEL = "beckn gateway registration"
COLOURS = {"conformant": "#2e7d32", "non-conformant": "#c62828", "inconclusive": "#9a6700", "incomplete": "#616161"}
"""Colours by verdict. White text on them has a contrast of at least 4.5 to 1."""
WAIVED = "#9a6700"
"""Colour of a verdict that needs waivers."""
NARROW, WIDE, USUAL = 3.9, 9.5, 6.7
"""Widths in pixels of a sans-serif letter at 11 px; ``textLength`` corrects the rest."""
PADDING = 6
HEIGHT = 20


def svg(report: Mapping[str, Any]) -> str:
    """Draws a flat badge in two parts, with its text as the accessible name."""
    return drawn(
        report["verdict"], f"{document.verdict_text(report)} ({report['class']})", waived=bool(report["waived"])
    )


def drawn(verdict: str, said: str, *, waived: bool = False) -> str:
    """Draws the badge of a verdict with these words; one that is not known is grey."""
    colour = WAIVED if waived and verdict == "conformant" else COLOURS.get(verdict, COLOURS["incomplete"])
    left, right = _width(LABEL), _width(said)
    name = escape(f"{LABEL}: {said}")
    # No clip path: several badges on one page would share its id.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" role="img" '
        f'aria-label="{name}"><title>{name}</title>'
        f'<rect width="{left + right}" height="{HEIGHT}" rx="3" fill="{colour}"/>'
        f'<path d="M3 0H{left}v{HEIGHT}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#444"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f"{_text(LABEL, 0, left)}{_text(said, left, right)}</g></svg>\n"
    )


def _width(text: str) -> int:
    return round(sum(NARROW if c in "fijlrt-() " else WIDE if c in "mw" else USUAL for c in text)) + 2 * PADDING


def _text(text: str, start: int, width: int) -> str:
    return f'<text x="{start + width / 2:g}" y="14" textLength="{width - 2 * PADDING}">{escape(text)}</text>'
