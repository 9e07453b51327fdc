"""A verdict that needs waivers says so in every format."""

import io

import pytest

from beckn_conformance.commands.fleet import index
from beckn_conformance.record import har
from beckn_conformance.report import badge, earl, html, markdown
from beckn_conformance.specification.loading import load
from tests.reports import report
from tests.written_fleets import ended, results_of

WAIVED = report(waived={"MUST": ["SIGNUP-NACK-PHONE"]})
SAID = "onformant, 1 MUST waived"


def _har(made):
    file = io.StringIO()
    har.write([], made, file)
    return file.getvalue()


@pytest.mark.parametrize(
    "write",
    [
        badge.svg,
        markdown.summary,
        _har,
        lambda made: html.page(made, load(), {}),
        lambda made: str(earl.document(made, load())),
    ],
    ids=["badge", "summary", "har", "page", "earl"],
)
def test_a_waived_must_stands_beside_the_verdict(write):
    assert SAID in write(WAIVED)
    assert SAID not in write(report())


def test_the_badge_has_another_colour_if_waivers_are_needed():
    assert badge.COLOURS["conformant"] in badge.svg(report())
    assert badge.COLOURS["conformant"] not in badge.svg(WAIVED)


def test_the_page_of_a_fleet_says_which_gateways_need_waivers(tmp_path):
    made = results_of(tmp_path, ended("a", WAIVED), ended("b", report()))

    page = index.page(made.document, made.history, load())

    assert "2 of 2 conformant, 1 with waivers" in page
    assert page.count("conformant, 1 MUST waived") == 1
