"""The specification page as HTML, in a real browser."""

import pytest

from beckn_conformance.commands.spec.page import expected, writing
from beckn_conformance.specification.loading import load
from tests.report.test_report_in_browser import PHONE, SCREEN, browser, visit  # noqa: F401

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    writing.write(path, writing.as_html(expected.build(load())))
    return path


@pytest.mark.parametrize("viewport", [PHONE, SCREEN])
def test_nothing_is_wider_than_the_screen(path, visit, viewport):  # noqa: F811
    page = visit(path, viewport=viewport)

    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert page.locator("table").first.bounding_box()["width"] <= viewport["width"]


def test_the_contents_lead_to_every_operation(path, visit):  # noqa: F811
    page = visit(path)

    for link in page.locator("nav a").all():
        assert page.locator(f"[id='{link.get_attribute('href').removeprefix('#')}']").count() == 1
    assert page.locator("nav a").count() == 6 + 4 + 3


def test_paper_shows_examples_whole(path, visit):  # noqa: F811
    page = visit(path)
    page.emulate_media(media="print")

    assert page.evaluate("[...document.querySelectorAll('pre')].every(e => e.scrollWidth <= e.clientWidth)")
    assert page.pdf(format="A4").startswith(b"%PDF-")
