"""A requirement's name selects the tests that were made for it."""

import ast
import subprocess
import sys

import pytest

from beckn_conformance.plugin.expected_tests import collect
from beckn_conformance.plugin.plan import plan
from beckn_conformance.plugin.selection import Selection
from beckn_conformance.run.session import Session
from beckn_conformance.specification.loading import load
from tests.exchanges import configured

URL = "http://127.0.0.1:9"
LATER = (
    "aiohttp",
    "allure",
    "cryptography",
    "distributed",
    "httpx",
    "hypothesis",
    "jinja2",
    "jsonschema",
    "schemathesis",
)
"""Packages that no run needs before its first request."""


@pytest.fixture(scope="module")
def tests():
    """The tests of a whole run."""
    session = Session(load(), configured(verification_hook=URL), 1, examples=25)
    return list(collect(Selection(session)))


def test_a_property_goes_by_no_requirement_that_a_test_was_made_for(tests):
    by_name = [test for test in tests if "SIGNUP-NACK-PHONE" in test.item.extra_keyword_matches]

    assert {test.item.originalname for test in by_name} == {"test_one_fault"}
    assert not any(test.is_property for test in by_name)
    line = [*plan(URL, 25, by_name)][-1]
    assert int(line.partition("about ")[2].split()[0]) < 40


def test_a_test_by_which_others_are_judged_is_judged_in_its_place(tests):
    names = [test.scenario_name for test in tests]
    places = {test.scenario_name: place for place, test in enumerate(tests) if test.scenario.instructs}

    assert places
    assert all(place < names.index("test_documents_add::test_one_fault") for place in places.values())


def test_every_requirement_of_a_test_selects_some_test(tests):
    exercised = {name for test in tests for name in test.requirements}

    assert exercised == {name for test in tests for name in exercised & test.item.extra_keyword_matches}


FIRST_REQUEST = """
import os, sys
from beckn_conformance.client.network import Network

async def carry(self, request, **options):
    os.write(1, repr([*sys.modules]).encode())
    os._exit(0)

Network.carry = carry
from beckn_conformance.commands.cli import main
main(["run", "http://127.0.0.1:9", "--capture=no", "-qqq", "-p", "no:allure_pytest"])
"""
MOST_MODULES = 760


def test_little_is_imported_before_the_first_request(tmp_path):
    ended = subprocess.run([sys.executable, "-c", FIRST_REQUEST], cwd=tmp_path, capture_output=True, text=True)
    imported = ast.literal_eval(ended.stdout.strip().splitlines()[-1])

    assert {*LATER} & {*imported} == set()
    assert len(imported) < MOST_MODULES


def test_what_plays_and_judges_is_imported_while_the_embedded_gateway_starts():
    code = "import beckn_conformance.plugin.options, sys; print([*sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert {"hypothesis", "beckn_conformance.run.session"} & {*ast.literal_eval(ended.stdout)} == set()
