"""The specification page as HTML, in a real browser."""

import pytest

from beckn_conformance.commands.spec.page import expected, writing
from beckn_conformance.specification.loading import load
from tests.browsing import PHONE, SCREEN, overflow

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(writing.as_html(expected.build(load())), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("viewport", [PHONE, SCREEN])
def test_nothing_is_wider_than_the_screen(url, pages, viewport):
    page = pages.open(url, viewport=viewport)

    assert overflow(page) <= 0
    assert page.locator("table").first.bounding_box()["width"] <= viewport["width"]


def test_the_contents_lead_to_every_operation(url, pages):
    page = pages.open(url)

    for link in page.locator("nav a").all():
        assert page.locator(f"[id='{link.get_attribute('href').removeprefix('#')}']").count() == 1
    assert page.locator("nav a").count() == 6 + 4 + 3


def test_paper_shows_examples_whole(url, pages):
    page = pages.open(url)
    page.emulate_media(media="print")

    assert page.evaluate("[...document.querySelectorAll('pre')].every(e => e.scrollWidth <= e.clientWidth)")
    assert page.pdf(format="A4").startswith(b"%PDF-")
