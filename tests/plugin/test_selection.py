"""A requirement's name selects the tests that were made for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from beckn_conformance.plugin.expected_tests import collect
from beckn_conformance.plugin.items import ScenarioTest
from beckn_conformance.plugin.plan import plan
from beckn_conformance.plugin.selection import Selection
from beckn_conformance.run.session import Session
from beckn_conformance.specification.loading import load
from tests.exchanges import configured

URL = "http://127.0.0.1:9"
LATER = ("aiohttp", "allure", "cryptography", "distributed", "httpx", "jinja2", "schemathesis")
"""Packages that no run needs before its first request."""


@pytest.fixture(scope="module")
def tests() -> list[ScenarioTest]:
    """The tests of a whole run."""
    session = Session(load(), configured(verification_hook=URL), 1, examples=25)
    return list(collect(Selection(session)))


def test_a_property_goes_by_no_requirement_that_a_test_was_made_for(tests: list[ScenarioTest]) -> None:
    by_name = [test for test in tests if "SIGNUP-NACK-PHONE" in test.item.extra_keyword_matches]

    assert {test.item.originalname for test in by_name} == {"test_one_fault"}
    assert not any(test.is_property for test in by_name)
    line = [*plan(URL, 25, by_name)][-1]
    assert int(line.partition("about ")[2].split()[0]) < 40


def test_every_requirement_of_a_test_selects_some_test(tests: list[ScenarioTest]) -> None:
    exercised = {name for test in tests for name in test.requirements}

    assert exercised == {name for test in tests for name in exercised & test.item.extra_keyword_matches}


def test_packages_of_later_use_are_not_imported_at_the_start() -> None:
    code = f"import beckn_conformance.plugin.campaign, sys; print(sorted({{*{LATER!r}}} & {{*sys.modules}}))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
