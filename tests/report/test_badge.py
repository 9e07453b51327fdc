"""The badge is well-formed, readable without eyes, and shows the verdict."""

import itertools
import xml.etree.ElementTree as ET

import pytest

from beckn_conformance.report.badge import COLOURS, svg
from tests.reports import report

SVG = "{http://www.w3.org/2000/svg}"
CASES = list(itertools.product(COLOURS, ("core", "strict")))


@pytest.mark.parametrize(("verdict", "kind"), CASES)
def test_the_badge_says_the_verdict_and_the_class(verdict, kind):
    root = ET.fromstring(svg(report(verdict=verdict, **{"class": kind})))

    said = f"{verdict} ({kind})"
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.get("aria-label") == root.findtext(f"{SVG}title") == f"beckn gateway registration: {said}"
    assert [text.text for text in root.iter(f"{SVG}text")] == ["beckn gateway registration", said]
    assert root.find(f"{SVG}rect").get("fill") == COLOURS[verdict]


@pytest.mark.parametrize(("verdict", "kind"), CASES)
def test_both_texts_fit_into_their_parts(verdict, kind):
    root = ET.fromstring(svg(report(verdict=verdict, **{"class": kind})))

    width = float(root.get("width"))
    spans = [(float(t.get("x")), float(t.get("textLength")) / 2) for t in root.iter(f"{SVG}text")]
    (left, half_left), (right, half_right) = spans
    assert 0 < left - half_left < left + half_left < right - half_right < right + half_right < width


@pytest.mark.parametrize("colour", COLOURS.values())
def test_white_text_can_be_read_on_every_colour(colour):
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    assert 1.05 / (luminance + 0.05) >= 4.5
